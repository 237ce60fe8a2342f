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

    @Test func filesAndFunctionsAreShort() throws {
        // A table of facts is as long as it is.
        for file in try swiftFiles(below: "Sources") where !file.path.hasSuffix("/VariableTable.swift") {
            #expect(
                file.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 400, "\(file.path) is long")
        }
    }

    @Test func theReadmeIsADoor() throws {
        #expect(try text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 150)
    }
}
