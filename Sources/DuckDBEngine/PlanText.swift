/// The engine's plan as it draws it, without the names of files: they are this host's, and are cut into lines as narrow
/// as the box that they stand in.
enum PlanText {
    private static let heading = "Filename(s):"

    static func withoutFiles(_ plan: String) -> String {
        guard plan.contains(heading) else { return plan }
        /// Columns of the drawing where boxes begin in which names of files are being listed.
        var listing: Set<Int> = []
        return plan.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var characters = Array(line)
            let borders = characters.indices.filter { characters[$0] == "│" }
            listing.formIntersection(borders)
            for (start, end) in zip(borders, borders.dropFirst()) where end > start + 1 {
                let text = characters[(start + 1)..<end].drop { $0 == " " }
                if String(text).hasPrefix(heading) {
                    listing.insert(start)
                } else if text.isEmpty {
                    listing.remove(start)
                }
                if listing.contains(start) { for place in (start + 1)..<end { characters[place] = " " } }
            }
            return String(characters)
        }.joined(separator: "\n")
    }
}
