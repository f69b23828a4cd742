#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Walks through an installation with a real browser, as docs/tutorial/first-conference.md tells a reader to: logs in, creates a
conference, opens its registration, sees the site in the colours of a customization, registers, and gets the mail that says so.

    scripts/browser.py --email chair@example.com [--url http://127.0.0.1:8080] [--pictures DIRECTORY] <password

The password is the first line of standard input. --operator is the program that changes the customization and relates a mail
server, on the installation that INDICO_OPERATOR_STATE_DIR names; both are taken away again. Mail goes to a server of this
script's own and nowhere else. Each page that matters is also looked at for errors of its own: pictures that are missing,
scripts that fail. Takes Debian's chromium, chromium-driver and python3-selenium.
"""
import argparse
import os
import re
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

TITLE = "Analytical Engines"
# What the tutorial writes into the customization; a browser tells colours this way.
COLOUR, TOLD = "#6a1b9a", "rgb(106, 27, 154)"


def fail(text):
    sys.exit(f"browser: {text}")


def address():
    """Somebody's address. Indico asks DNS whether its domain is one: this is where the machine's packages come from."""
    hosts = ["example.com"]
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.*")]:
        for host in re.findall(r"https?://([\w.-]+)", path.read_text() if path.is_file() else ""):
            hosts.append(host)
            try:
                socket.getaddrinfo(host, 80)
                return f"ada@{host}"
            except OSError:
                continue
    # Where no DNS answers at all, Indico takes any.
    return f"ada@{hosts[-1]}"


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail and keeps it: enough of SMTP for a client that only wants to be rid of it."""
    daemon_threads = True

    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            self.say("220 here")
            while line := self.rfile.readline().decode("utf-8", "replace").strip():
                if line.upper() == "DATA":
                    self.say("354 go on")
                    mail = []
                    while (text := self.rfile.readline().decode("utf-8", "replace").rstrip("\r\n")) != ".":
                        mail.append(text)
                    self.server.mails.append("\n".join(mail))
                self.say("221 bye" if line.upper() == "QUIT" else "250 well")

        def say(self, text):
            self.wfile.write(f"{text}\r\n".encode())

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Session)
        self.mails = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Operator:
    """The installation, by its command line."""

    def __init__(self, program):
        self.program = program

    def run(self, *words):
        done = subprocess.run([self.program, *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            fail(f"{self.program} {' '.join(words)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout.strip()


class Walk:
    def __init__(self, url, pictures, patience):
        self.url, self.pictures, self.patience, self.steps = url, pictures, patience, 0
        options = Options()
        # As root there is no sandbox for Chromium; it sees pages of this machine only.
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,940",
                     "--disable-dev-shm-usage", "--lang=en-GB"):
            options.add_argument(word)
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(2 * patience)

    def wait(self, what, condition):
        try:
            return WebDriverWait(self.driver, self.patience, ignored_exceptions=[StaleElementReferenceException]).until(
                lambda _: condition())
        except TimeoutException:
            path = Path(tempfile.gettempdir()) / "indico-browser-failure.png"
            self.driver.save_screenshot(str(path))
            fail(f"{what} did not come within {self.patience} s, on {self.driver.current_url}; {path} shows what was there")

    def shown(self, selector, text=None):
        """The first element that can be seen, and that reads as told."""
        def find():
            for element in self.driver.find_elements(By.CSS_SELECTOR, selector):
                if element.is_displayed() and (text is None or element.text.strip() == text):
                    return element
            return None
        return self.wait(f"{selector}{f' ({text})' if text else ''}", find)

    def go(self, path):
        self.driver.get(self.url + path)

    def told(self, text):
        """Waits for words on the page."""
        self.wait(f"'{text}'", lambda: text in self.driver.find_element(By.TAG_NAME, "body").text)

    def step(self, name):
        """Ends a step: the page is whole, and a picture of it is taken."""
        broken = self.driver.execute_script(
            "return [...document.images].filter(i => i.complete && !i.naturalWidth && i.offsetParent).map(i => i.src)")
        errors = [entry["message"] for entry in self.driver.get_log("browser") if "favicon" not in entry["message"]]
        if broken or errors:
            fail(f"{name}: the page has pictures that are missing: {broken}, or errors: {errors}")
        if self.pictures:
            # What was hovered or pops up for a moment is not of the page.
            time.sleep(0.5)
            self.driver.save_screenshot(str(self.pictures / f"{name}.png"))
        self.steps += 1
        print(f"browser: {name}: {self.driver.title} ({self.driver.current_url})", flush=True)

    # the walk

    def log_in(self, email, password):
        self.go("/login/")
        self.shown("input[name=identifier]").send_keys(email)
        self.shown("input[name=password]").send_keys(password + "\n")
        self.shown("#user-settings-link")
        self.step("home")

    def create_conference(self):
        self.shown("a.js-dropdown", "Create event").click()
        self.shown("#create-conference").click()
        self.shown("#event-creation-title").send_keys(TITLE)
        self.step("new-conference")
        self.shown(".ui-dialog input[type=submit]").click()
        self.wait("the conference", lambda: "/event/" in self.driver.current_url)
        return self.driver.current_url.split("/event/")[1].split("/")[0]

    def open_registration(self, event):
        self.go(f"/event/{event}/manage/registration/create")
        self.shown("#title").send_keys("Participants")
        self.shown("form input[type=submit]").click()
        self.shown("button", "Start now").click()
        self.told("are now open")
        self.go(f"/event/{event}/")
        self.shown("a", "Register now")
        self.told(TITLE)
        self.step("conference")

    def register(self, event, email, mails):
        self.go(f"/event/{event}/")
        self.shown("a", "Register now").click()
        field = self.shown("input[name=email]")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(email)
        # The form asks the site about the address first, and takes no click before.
        self.told("will not be associated with any Indico account")
        button = self.shown("button", "Register")
        self.step("registration-form")
        button.click()
        self.told("Your registration has been completed")
        self.step("registration")
        self.wait("the mail that confirms it", lambda: any(email in mail and TITLE in mail for mail in mails))

    def change_theme(self, operator, place):
        """Has the charm fetch a style sheet from a Git repository, and waits until visitors see it."""
        os.chmod(place, 0o755)
        css = Path(place) / "css"
        css.mkdir()
        (css / "colours.css").write_text(f"div.page-header {{ background-color: {COLOUR}; }}\n")
        git = ["git", "-C", place, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "Colours"]):
            subprocess.run([*git, *words], check=True)
        operator.run("config", f"customization_sources_url=file://{place}")
        self.see_colour(True)
        self.step("theme")

    def take_theme_back(self, operator, place):
        """Empties the repository, as the how-to tells."""
        git = ["git", "-C", place, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        subprocess.run([*git, "rm", "-r", "--quiet", "css"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "As it was"], check=True)
        operator.run("run", "refresh-external-resources")
        self.see_colour(False)

    def see_colour(self, wanted):
        def look():
            self.go("/")
            colours = self.driver.execute_script(
                "return [...document.querySelectorAll('.page-header')].map(e => getComputedStyle(e).backgroundColor)")
            return (TOLD in colours) == wanted
        deadline = time.monotonic() + 4 * self.patience
        while not look():
            if time.monotonic() > deadline:
                fail(f"the colour {'did not come' if wanted else 'stayed'}")
            time.sleep(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--email", required=True)
    parser.add_argument("--operator", default="indico-operator", help="the program, for the theme")
    parser.add_argument("--pictures", type=Path, help="where pictures go; none are taken otherwise")
    parser.add_argument("--patience", type=int, default=120, help="seconds to wait for what a page shows; four times as long for workers")
    options = parser.parse_args()
    password = sys.stdin.readline().rstrip("\n")
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    walk = Walk(options.url, options.pictures, options.patience)
    operator, server = Operator(options.operator), MailServer()
    before = operator.run("config", "customization_sources_url")
    try:
        walk.log_in(options.email, password)
        event = walk.create_conference()
        walk.open_registration(event)
        operator.run("integrate", "smtp", "--host", "127.0.0.1", "--port", str(server.server_address[1]))
        with tempfile.TemporaryDirectory(prefix="theme-", dir="/var/tmp") as place:
            try:
                walk.change_theme(operator, place)
                walk.register(event, address(), server.mails)
                walk.take_theme_back(operator, place)
            finally:
                operator.run("remove-relation", "smtp")
                operator.run("config", f"customization_sources_url={before}")
    finally:
        walk.driver.quit()
    print(f"browser: {walk.steps} pages seen, conference {event} is open for registration, {len(server.mails)} mails came")


if __name__ == "__main__":
    main()
