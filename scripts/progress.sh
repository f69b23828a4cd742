# SPDX-License-Identifier: Apache-2.0
# How a step of a script shows itself: one line that moves on a terminal, plain lines anywhere else. `indico-operator`
# goes on in the same look (Sources/OneMachine/Progress), so that `make run` reads as one list from 1 to the last.
# To be sourced by bash. STEP_TOTAL is how many steps there are.

step_number=0
step_name=''
step_began=0
step_log=''
# Whether somebody was told why this ends.
step_told=''

if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then step_terminal=1; else step_terminal=0; fi
if [ "$step_terminal" = 1 ] && [ -z "${NO_COLOR:-}" ]; then
    step_bold=$'\e[1m' step_dim=$'\e[2m' step_green=$'\e[32m' step_red=$'\e[31m' step_plain=$'\e[0m'
else
    step_bold='' step_dim='' step_green='' step_red='' step_plain=''
fi
case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
    *UTF-8* | *utf8* | *utf-8*)
        step_frames=(⠋ ⠙ ⠹ ⠸ ⠼ ⠴ ⠦ ⠧ ⠇ ⠏) step_full=━ step_rest=─ step_done=✓ step_failed=✗ ;;
    *)
        step_frames=('|' '/' '-' '\') step_full='#' step_rest='.' step_done='ok' step_failed='!!' ;;
esac

# How long the step has run, as in "7 s" or "2 min 05 s".
step_elapsed() {
    local seconds=$((SECONDS - step_began))
    if [ "$seconds" -lt 60 ]; then printf '%d s' "$seconds"; else printf '%d min %02d s' $((seconds / 60)) $((seconds % 60)); fi
}

# step_begin NAME LOG
step_begin() {
    step_number=$((step_number + 1))
    step_name=$1
    step_log=$2
    step_began=$SECONDS
    : >"$step_log"
    [ "$step_terminal" = 1 ] || printf '[%2d/%d] %s ...\n' "$step_number" "$STEP_TOTAL" "$step_name"
}

# A bar of 20 for DONE of TOTAL, or nothing where the total is not known.
step_bar() {
    local done=$1 total=$2 filled text='' index
    [ "$total" -gt 0 ] || { printf '%-20s' ''; return; }
    filled=$((done * 20 / total))
    for ((index = 0; index < 20; index++)); do
        if [ "$index" -lt "$filled" ]; then text+=$step_full; else text+=$step_rest; fi
    done
    printf '%s' "$text"
}

# Draws the moving line: FRAME, DONE, TOTAL, DETAIL.
step_draw() {
    local width=${COLUMNS:-$(tput cols 2>/dev/null || echo 80)} detail=$4
    local room=$((width - 68)) line
    # It must not wrap: what wrapped could not be drawn over.
    if [ "$room" -le 0 ]; then
        line="$step_name  $(step_elapsed)"
        printf '\r\e[K %s [%2d/%d] %s' "$1" "$step_number" "$STEP_TOTAL" "${line:0:$((width > 14 ? width - 14 : 0))}"
        return
    fi
    printf '\r\e[K %s [%2d/%d] %s%-22s%s %s %s%10s  %s%s' "$1" "$step_number" "$STEP_TOTAL" "$step_bold" "$step_name" \
        "$step_plain" "$(step_bar "$2" "$3")" "$step_dim" "$(step_elapsed)" "${detail:0:$room}" "$step_plain"
}

# step_run METER COMMAND...: runs the command with its output in the log. METER is a function that reads the log's end
# and sets `meter_done`, `meter_total` and `meter_detail`. Returns what the command does.
step_run() {
    local meter=$1 frame=0 said=$SECONDS status=0 pid
    shift
    "$@" >>"$step_log" 2>&1 3>>"$step_log.meter" &
    pid=$!
    step_pid=$pid
    [ "$step_terminal" = 0 ] || printf '\e[?25l'
    while kill -0 "$pid" 2>/dev/null; do
        meter_done=0 meter_total=0 meter_detail=''
        "$meter"
        if [ "$step_terminal" = 1 ]; then
            step_draw "${step_frames[frame]}" "$meter_done" "$meter_total" "$meter_detail"
            frame=$(((frame + 1) % ${#step_frames[@]}))
            sleep 0.12
        else
            if [ $((SECONDS - said)) -ge 15 ]; then
                said=$SECONDS
                printf '[%2d/%d] %s: %s%s\n' "$step_number" "$STEP_TOTAL" "$step_name" "$(step_elapsed)" "${meter_detail:+, $meter_detail}"
            fi
            sleep 0.3
        fi
    done
    wait "$pid" || status=$?
    step_pid=''
    rm -f "$step_log.meter"
    return "$status"
}

# step_end DETAIL
step_end() {
    if [ "$step_terminal" = 1 ]; then
        printf '\r\e[K %s%s%s [%2d/%d] %-22s %s%10s  %s%s\e[?25h\n' "$step_green" "$step_done" "$step_plain" "$step_number" "$STEP_TOTAL" \
            "$step_name" "$step_dim" "$(step_elapsed)" "$1" "$step_plain"
    else
        printf '[%2d/%d] %s: done in %s%s\n' "$step_number" "$STEP_TOTAL" "$step_name" "$(step_elapsed)" "${1:+, $1}"
    fi
}

# step_fail WHAT REMEDY: says so, shows the end of the log, and ends the script.
step_fail() {
    step_told=yes
    if [ "$step_terminal" = 1 ]; then
        printf '\r\e[K %s%s%s [%2d/%d] %-22s %s%10s%s\e[?25h\n' "$step_red" "$step_failed" "$step_plain" "$step_number" "$STEP_TOTAL" \
            "$step_name" "$step_dim" "$(step_elapsed)" "$step_plain"
    else
        printf '[%2d/%d] %s: failed after %s\n' "$step_number" "$STEP_TOTAL" "$step_name" "$(step_elapsed)"
    fi
    {
        if [ -s "$step_log" ]; then
            printf '\n'
            tail -n 12 "$step_log" | sed 's/^/    /'
            printf '    (all of it: %s)\n' "$step_log"
        fi
        printf '\n%serror:%s %s\n' "$step_red" "$step_plain" "$1"
        [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/       /'
    } >&2
    exit 1
}
