import Testing

@testable import Notifier

@Suite struct PlainXMLTests {
    private struct Message: Decodable, Equatable { let Body: String }

    @Test(arguments: [
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Message xmlns=\"http://x/\">\n  <Body>a &lt; "
            + "b</Body>\n</Message>",
        "<Message><Body>a &lt; b</Body></Message>",
    ])
    func reads(_ text: String) { #expect(PlainXML.decode(Array(text.utf8)) == Message(Body: "a < b")) }

    @Test func keepsSpaceWhereItIsAsked() {
        #expect(
            PlainXML.decode(Array("<Message><Body> a\n</Body></Message>".utf8), trimming: false)
                == Message(Body: " a\n"))
    }

    /// Each ends Foundation's parser, or could make a small body large.
    @Test(arguments: [
        "<?a?><Message><Body>x</Body></Message>", "<Message><?b c?><Body>x</Body></Message>",
        "<Message><!-- c --><Body>x</Body></Message>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><Message><Body>&b;</Body></Message>", "<?xml version=\"1.0\"", "<?xml >", "",
        "<",
        "<Message><Body>\u{0}</Body></Message>",
    ])
    func refuses(_ text: String) { #expect(PlainXML.decode(Array(text.utf8)) as Message? == nil) }

    /// The decoder goes down by calls; a broker chooses how deep.
    @Test(arguments: [20, 8_000, 200_000]) func refusesWhatIsNestedDeep(_ depth: Int) {
        let text =
            "<Message>" + String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
            + "</Message>"
        #expect(PlainXML.decode(Array(text.utf8)) as Message? == nil)
        #expect(
            PlainXML.decode(Array("<Message>\(String(repeating: "<a/>", count: depth))<Body>x</Body></Message>".utf8))
                == Message(Body: "x"))
    }

    @Test(arguments: [
        ("<M><A>1</A><B>x &lt;&amp;&#65;&#x42;&quot; y</B></M>", ["A": "1", "B": "x <&AB\" y"]),
        (
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<M xmlns=\"http://x/>\" b='c'>\n <A> 1\n</A "
                + ">\n<B/><C></C><A>2</A></M>\n",
            ["A": "1", "B": "", "C": ""]
        ),
        ("<M/>", [:]), ("<M></M>", [:]),
    ])
    func readsFlatAnswers(_ text: String, _ fields: [String: String]) {
        #expect(FlatXML.fields(Array(text.utf8)) == fields)
    }

    @Test(arguments: [
        "", " ", "<", "<M", "<M>", "<M></N>", "<M><A>1</A>", "<M><A>1</B></M>", "<M><A><B>1</B></A></M>", "<M>text</M>",
        "<M><A>&x;</A></M>", "<M><A>&#xD800;</A></M>",
        "<M><A>&#99999999;</A></M>", "<!DOCTYPE a><M/>", "<M><!-- c --><A>1</A></M>", "<?xml ?", "<M/><M/>",
        "<M><A>1</A></M>x", "<M <A>1</A></M>", "{}", "<M><A>&#;</A></M>",
    ])
    func refusesWhatIsNotFlat(_ text: String) { #expect(FlatXML.fields(Array(text.utf8)) == nil) }

    @Test func refusesOtherEncodings() {
        let utf16: [UInt8] =
            [0xFF, 0xFE]
            + "<!DOCTYPE a [<!NOTATION n PUBLIC 'p'>]><a/>".utf16.flatMap { unit -> [UInt8] in
                [UInt8(unit & 0xFF), UInt8(unit >> 8)]
            }
        #expect(PlainXML.decode(utf16) as Message? == nil)
    }
}
