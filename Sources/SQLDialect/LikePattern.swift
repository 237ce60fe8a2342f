/// A LIKE pattern: `%` any characters, `_` one, `\` takes the next as it is.
package struct LikePattern {
    private enum Element: Equatable { case any, one, exactly(Unicode.Scalar) }
    private let elements: [Element]
    private let ignoresCase: Bool

    package init(_ pattern: String, ignoresCase: Bool = true) {
        self.ignoresCase = ignoresCase
        var elements: [Element] = []
        var isEscaped = false
        for character in (ignoresCase ? pattern.lowercased() : pattern).unicodeScalars {
            if isEscaped {
                elements.append(.exactly(character))
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                elements.append(character == "%" ? .any : character == "_" ? .one : .exactly(character))
            }
        }
        self.elements = elements
    }

    /// Goes back to the last `%` alone, so that a pattern of many costs no more than the product of the lengths.
    package func matches(_ text: String) -> Bool {
        let text = Array((ignoresCase ? text.lowercased() : text).unicodeScalars)
        var (index, element) = (0, 0)
        var retry: (index: Int, element: Int)?
        while index < text.count {
            if element < elements.count, elements[element] == .any {
                retry = (index, element)
                element += 1
            } else if element < elements.count, elements[element] == .one || elements[element] == .exactly(text[index])
            {
                index += 1
                element += 1
            } else if let place = retry {
                retry = (place.index + 1, place.element)
                index = place.index + 1
                element = place.element + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .any }
    }
}
