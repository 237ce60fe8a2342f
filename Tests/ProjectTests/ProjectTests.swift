import Foundation
import Testing

/// Holds the project to its own rules: docs/modules.md, CONTRIBUTING.md.
@Suite struct ProjectTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    private func swiftFiles(below folder: String) throws -> [(path: String, text: String)] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: folder).path).filter {
            $0.hasSuffix(".swift")
        }
        return try names.sorted().map { ("\(folder)/\($0)", try text("\(folder)/\($0)")) }
    }

    /// Module → what it may import, as docs/modules.md states it.
    private func table() throws -> [String: Set<String>] {
        var table: [String: Set<String>] = [:]
        for line in try text("docs/modules.md").split(separator: "\n") {
            guard let match = line.wholeMatch(of: /\| `([A-Za-z-]+)` \| .* \| ([^|]*) \|/) else { continue }
            let names = match.2.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            table[String(match.1)] = Set(names).subtracting(["–"])
        }
        return table
    }

    @Test func everyModuleIsInTheTableAndEveryEntryAModule() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        #expect(Set(try table().keys) == Set(folders))
    }

    @Test func thePackageDeclaresWhatTheTableAllows() throws {
        let manifest = try text("Package.swift")
        let products = Dictionary(
            uniqueKeysWithValues: manifest.matches(of: /let (\w+) = Target.Dependency.product\(name: "(\w+)"/).map {
                (String($0.1), String($0.2))
            })
        for (module, allowed) in try table() {
            let declaration = try #require(
                manifest.firstMatch(of: try Regex("arget\\(\\s*name: \"\(module)\"(?:(?!arget\\()[^\\]])*\\]?")),
                "Package.swift has no \(module)")
            let body = String(manifest[declaration.range])
            guard let list = body.firstMatch(of: /dependencies: \[([^\]]*)\]/) else {
                #expect(allowed.isEmpty, "\(module) declares nothing")
                continue
            }
            let declared = list.1.split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " \n\""))
            }.filter { !$0.isEmpty }
            #expect(Set(declared.map { products[$0] ?? $0 }) == allowed, "\(module)")
        }
    }

    @Test func noFileImportsMoreThanItsModuleMay() throws {
        let system: Set<String> = ["Foundation", "Dispatch", "Synchronization"]
        for (module, allowed) in try table() {
            for file in try swiftFiles(below: "Sources/\(module)") {
                let imports = Set(
                    file.text.matches(of: /(?m)^(?:package |@preconcurrency )*import (\w+)/).map { String($0.1) })
                let permitted = allowed.union(module == "LoonCore" ? ["Synchronization"] : system)
                #expect(imports.subtracting(permitted).isEmpty, "\(file.path)")
            }
        }
    }

    /// Each with the reason why it is meant; none so far.
    private static let allowed: [String: String] = [:]

    @Test func sourcesKeepToTheHouseRules() throws {
        let rules: [(Regex<Substring>, String)] = [
            (/try!/, "try!"), (/\bas!/, "as!"), (/\bTask(?:\.detached)?\s*(?:\(.*\))?\s*\{/, "an unstructured Task"),
            (/fatalError\(/, "fatalError"),
            (#/\bpublic\s/#, "public"), (/TODO|FIXME|XXX/, "an open end"),
            (#/[\w)\]]!(?:[.,)\]]|$)/#, "a force unwrap"),
        ]
        for file in try swiftFiles(below: "Sources") {
            for (number, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let code = line.replacing(/"(\\.|[^"\\])*"/, with: "\"\"").replacing(/\/\/.*/, with: "")
                for (rule, name) in rules where Self.allowed["\(file.path): \(name)"] == nil {
                    #expect(code.firstMatch(of: rule) == nil, "\(file.path):\(number + 1) has \(name)")
                }
            }
        }
    }

    @Test func filesAreShort() throws {
        // A table of facts is as long as it is.
        for file in try swiftFiles(below: "Sources") where !file.path.hasSuffix("/VariableTable.swift") {
            #expect(
                file.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 400, "\(file.path) is long")
        }
    }

    @Test func testFilesAreShort() throws {
        let folder = Self.root.appending(path: "Tests").path
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where name.hasSuffix(".swift") || name.hasSuffix(".py") {
            let lines = try text("Tests/\(name)").split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(lines <= 400, "Tests/\(name) has \(lines) lines")
        }
    }

    @Test func modulesAreSmall() throws {
        for module in try table().keys {
            let lines = try swiftFiles(below: "Sources/\(module)").reduce(0) {
                $0 + $1.text.split(separator: "\n", omittingEmptySubsequences: false).count
            }
            #expect(lines <= 4_500, "\(module) has \(lines) lines")
        }
    }

    @Test func onlyTheEnginesOwnModulesNameIt() throws {
        // The dialect's target is the engine's language, and the composition chooses an engine.
        let knowing: Set<String> = [
            "CDuckDB", "DuckDBEngine", "DuckDBTree", "SQLDialect", "LoonService", "loond", "loon-engine",
        ]
        for module in try table().keys where !knowing.contains(module) {
            for file in try swiftFiles(below: "Sources/\(module)") {
                for line in file.text.split(separator: "\n") where !line.hasPrefix("import DuckDBTree") {
                    let code = line.replacing(/\/\/.*/, with: "")
                    #expect(!code.contains("DuckDB"), "\(file.path): \(line)")
                }
            }
        }
    }

    @Test func functionsAreShort() throws {
        // Each with its reason; a table of facts is as long as it is.
        let allowed = ["Sources/MySQLProtocol/ErrorNumber.swift": "a table: code → number and SQLSTATE"]
        for file in try swiftFiles(below: "Sources") where allowed[file.path] == nil {
            for function in functions(of: file.text) {
                #expect(function.lines <= 70, "\(file.path):\(function.place) has \(function.lines) lines")
            }
        }
    }

    @Test func functionsAreFoundWithTheirLengths() {
        let text = """
            protocol P {
                func none() throws

                func other()
            }
            struct S {
                private func one() {
                    call {
                    }
                }

                init(
                    a: Int
                ) throws -> Int {
                    2
                }
            }
            """
        #expect(functions(of: text).map { [$0.place, $0.lines] } == [[7, 4], [12, 5]])
    }

    /// The functions that have a body, by the source's indentation: where each begins and how many lines it has.
    private func functions(of text: String) -> [(place: Int, lines: Int)] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var found: [(place: Int, lines: Int)] = []
        for (first, line) in lines.enumerated() {
            guard let match = line.firstMatch(of: /^( *)(?:[@\w()]+ )*(?:func |init[(<?]|subscript[(<]|deinit )/),
                !line.hasSuffix("}")
            else { continue }
            let indentation = match.1
            /// Whether the declaration goes on there, or is one without a body.
            func isSignature(_ line: Substring) -> Bool {
                line.hasPrefix(indentation + " ") || line.hasPrefix(indentation + ")") || line == indentation + "{"
            }
            guard let body = lines[first...].firstIndex(where: { $0.hasSuffix("{") }),
                lines[first...body].dropFirst().allSatisfy(isSignature),
                let last = lines[body...].dropFirst().firstIndex(where: { $0 == indentation + "}" })
            else { continue }
            found.append((first + 1, last - first + 1))
        }
        return found
    }

    /// Code, comments and documents have at most 120 columns, but for what cannot be broken: addresses, tables of a
    /// document, tables of facts.
    @Test func linesHaveAtMost120Columns() throws {
        let documents = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "docs").path)
            .map { "docs/\($0)" }
        let others = try (documents + ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "Package.swift"])
            .map { ($0, try text($0)) }
        for (path, text) in try swiftFiles(below: "Sources") + swiftFiles(below: "Tests") + others
        where !path.hasSuffix("/VariableTable.swift") && !path.hasSuffix("/FunctionTable.swift") {
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let mayBeLong = line.contains("https://") || (path.hasSuffix(".md") && line.hasPrefix("|"))
                #expect(line.count <= 120 || mayBeLong, "\(path):\(number + 1) has \(line.count) columns")
            }
        }
    }

    /// A comment is about something, which it names first.
    @Test func commentsBeginWithTheirSubject() throws {
        for file in try swiftFiles(below: "Sources") {
            for match in file.text.matches(of: /(?m)^ *\/\/\/? ?(It|They|Those|What|Who|Whose|Whatever|Whoever) .*/)
            where match.0.first == " " || match.range.lowerBound == file.text.startIndex {
                let before = file.text[..<match.range.lowerBound].dropLast().split(separator: "\n").last ?? ""
                let isContinued = before.drop { $0 == " " }.hasPrefix("//")
                #expect(isContinued, "\(file.path): \(match.0)")
            }
        }
    }

    @Test func everyErrorIsExplained() throws {
        let numbers = { (text: String) in Set(text.matches(of: /\b[1-4]\d{3}\b/).map { String($0.0) }) }
        let sent = try text("Sources/MySQLProtocol/ErrorNumber.swift").matches(of: /: \((\d{4}), "/).map {
            String($0.1)
        }
        let rows = try text("docs/errors.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        let explained = rows.map { numbers(String($0.split(separator: "|")[0])) }.reduce(into: Set()) {
            $0.formUnion($1)
        }
        #expect(explained == Set(sent))
    }

    @Test func everyTestIsDescribed() throws {
        let page = try text("docs/testing.md")
        for folder in ["Tests", "Tests/System"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: folder).path)
            for name in names where name.hasPrefix("test_") || name.hasSuffix("Tests") {
                #expect(page.contains("`\(name)`"), "docs/testing.md does not name \(name)")
            }
        }
    }

    /// The tests that docs/invariants.md names, and files that documents link to, are there.
    @Test func whatDocumentsNameIsThere() throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: "Tests").path)
        let tests = try names.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".py") }.map { try text("Tests/\($0)") }
        for match in try text("docs/invariants.md").matches(of: /`(test_\w+|[a-z]+[A-Z]\w+)`/) {
            let declaration = match.1.hasPrefix("test_") ? "def \(match.1)(" : "func \(match.1)("
            #expect(tests.contains { $0.contains(declaration) }, "there is no test \(match.1)")
        }
        let documents = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "docs").path)
        for path in documents.map({ "docs/\($0)" }) + ["README.md", "SECURITY.md", "CONTRIBUTING.md"] {
            let folder = path.hasPrefix("docs/") ? "docs/" : ""
            for match in try text(path).matches(of: /\]\(([^)#:]+)\)/) {
                let target = Self.root.appending(path: folder + match.1).standardized.path
                #expect(FileManager.default.fileExists(atPath: target), "\(path) links to \(match.1)")
            }
        }
    }

    @Test func theReadmeIsADoor() throws {
        #expect(try text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 150)
    }
}
