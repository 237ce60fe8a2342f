/// Texts of a broker's that are kept and shown.
enum BrokerText {
    /// The first scalars, without what would turn or hide the text around them.
    static func cut(_ text: String, _ scalarsMax: Int) -> String {
        var cut = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(scalarsMax) {
            let category = scalar.properties.generalCategory
            cut.append(category == .control || category == .format ? " " : scalar)
        }
        return String(cut)
    }
}
