import Foundation
import LoonCore
import QueryEngine

/// Makes several files of one that is too large: the engine bounds files where it writes no partitions, and where it
/// does, it does not.
struct FileSplitter {
    let copy: TableCopy
    let connection: DuckDBConnection

    /// Looks at all files in the target's folder. A file a little above the bound stays as it is.
    func run() throws {
        let folder = copy.folder
        let bound = copy.target.fileBytesMax + copy.target.fileBytesMax / 4
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            let path = folder + "/" + name
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard attributes[.type] as? FileAttributeType == .typeRegular, attributes[.size] as? Int64 ?? 0 > bound
            else { continue }
            try split(path)
        }
    }

    private func split(_ path: String) throws {
        let parts = path + ".parts"
        guard let statement = copy.split(path, into: parts) else { return }
        _ = try connection.copy(statement)
        let url = URL(fileURLWithPath: path)
        // data_0.csv.gz → data_0_1.csv.gz
        let names = url.lastPathComponent.split(separator: ".", maxSplits: 1)
        for (number, part) in try FileManager.default.contentsOfDirectory(atPath: parts).sorted().enumerated() {
            let name = "\(names.first ?? "data")_\(number)" + (names.count > 1 ? ".\(names[1])" : "")
            try FileManager.default.moveItem(
                atPath: parts + "/" + part, toPath: url.deletingLastPathComponent().path + "/" + name)
        }
        try FileManager.default.removeItem(atPath: parts)
        try FileManager.default.removeItem(atPath: path)
    }
}
