import LoonCore
import QueryEngine

/// Where the files of a store lie on this machine.
struct FilePlaces {
    /// The folder of the buckets.
    let root: String
    /// The folder of what is not whole yet.
    let staging: String

    func path(of source: FileSource) -> String {
        switch source {
        case .object(let key): "\(root)/\(key.bucket)/\(key.key)"
        case .staged(let name): "\(staging)/\(name)"
        }
    }

    func path(of file: TableBinding.File) -> String { path(of: file.source) }

    /// The files as a list of texts in the engine's SQL.
    func list(_ files: [TableBinding.File]) -> String {
        "[" + files.map { EngineText.literal(path(of: $0)) }.joined(separator: ", ") + "]"
    }
}
