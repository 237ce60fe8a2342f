/// "Did you mean": the name that was probably meant.
package enum NameSuggestion {
    /// The nearest of `names` to `name`, if it is near: one letter wrong in three. Longer names, and more of them than
    /// a person could have meant, are passed over.
    package static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().unicodeScalars)
        guard wanted.count <= Limits.identifierCharactersMax else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in names.prefix(Limits.suggestionsMax) {
            let letters = Array(candidate.lowercased().unicodeScalars)
            guard letters.count <= Limits.identifierCharactersMax else { continue }
            let distance = distance(wanted, letters)
            if distance <= max(1, wanted.count / 3), distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// The end of an error's text; empty where nothing is near.
    package static func text(_ name: String, among names: some Sequence<String>) -> String {
        nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// Letters to insert, delete or change (Levenshtein's distance).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (place, other) in right.enumerated() {
                let above = row[place + 1]
                row[place + 1] = min(above + 1, row[place] + 1, diagonal + (letter == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
