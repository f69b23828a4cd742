// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ProgramVersion

@Test func `a version is three numbers and what follows them`() {
    let numbers = ProgramVersion.text.prefix { $0 != "-" && $0 != "+" }.split(separator: ".")
    #expect(numbers.count == 3 && numbers.allSatisfy { Int($0) != nil }, "\(ProgramVersion.text)")
}

@Test(arguments: [["/x/pebble", "--version"], ["hook-tool", "--version"]])
func `a program asked for nothing but its version tells it`(arguments: [String]) {
    #expect(ProgramVersion.tellIfAsked(arguments))
    #expect(["pebble", "hook-tool"].contains(ProgramVersion.programName(arguments[0])))
}

@Test(arguments: [["pebble"], ["pebble", "exec", "--version"], ["pebble", "-v"], []])
func `anything else is for the program itself`(arguments: [String]) {
    #expect(!ProgramVersion.tellIfAsked(arguments))
}
