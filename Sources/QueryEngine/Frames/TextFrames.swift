package import LoonCore

// Questions and answers about text files, as frames have them.

extension QuoteRules: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(byte: quote)
        frame.write(optional: escape) { $0.write(byte: $1) }
        frame.write(byte: delimiter)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(
            quote: try frame.byte(),
            escape: try frame.optional { (frame) throws(MalformedFrame) in try frame.byte() },
            delimiter: try frame.byte())
    }
}

extension TextTraits: FrameValue {
    package func write(to frame: inout FrameWriter) {
        for flag in [hasOddLines, hasBackslash, hasMixedLines, isNotUTF8, hasOddQuotes, isCutOff] { frame.write(flag) }
        frame.write(longestLine)
        frame.write(byte: firstByte)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init()
        hasOddLines = try frame.flag()
        hasBackslash = try frame.flag()
        hasMixedLines = try frame.flag()
        isNotUTF8 = try frame.flag()
        hasOddQuotes = try frame.flag()
        isCutOff = try frame.flag()
        longestLine = Int(try frame.count())
        firstByte = try frame.byte()
    }
}

extension TextRewriting: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(source)
        frame.write(target)
        frame.write(optional: encoding)
        frame.write(keepsLineEnds)
        frame.write(footerLines)
        frame.write(optional: quotes) { $0.write($1) }
        frame.write(isArray)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(try frame.value(), to: try frame.value())
        encoding = try frame.optionalText()
        keepsLineEnds = try frame.flag()
        footerLines = try frame.integer()
        quotes = try frame.optional { (frame) throws(MalformedFrame) in try frame.value() }
        isArray = try frame.flag()
    }
}
