/// `+08:00` and the like.
package enum TimeZoneOffset {
    /// Minutes east of UTC; `nil` where the text is no offset between −13:59 and +14:00, as MySQL has it.
    package static func minutes(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /([+-])([0-9]{1,2}):([0-9]{2})/), let hours = Int(match.2),
            let minutes = Int(match.3), minutes < 60
        else { return nil }
        let offset = (hours * 60 + minutes) * (match.1 == "-" ? -1 : 1)
        return (-839...840).contains(offset) ? offset : nil
    }
}
