import LoonCore
import QueryEngine

extension StorePlaces {
    func path(of file: TableBinding.File) -> String { path(of: file.source) }

    /// The files as a list of texts in the engine's SQL.
    func list(_ files: [TableBinding.File]) -> String {
        "[" + files.map { EngineText.literal(path(of: $0)) }.joined(separator: ", ") + "]"
    }
}
