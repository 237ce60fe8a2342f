package import LoonCore

// The vocabulary's values as frames have them. A number tells cases of an enum apart; the numbers are the protocol's,
// which both programs have of one build.

extension ColumnType: FrameValue {
    /// Types that are told by their number alone.
    private static let plain: [ColumnType] = [
        .null, .boolean, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float32, .float64, .text,
        .binary, .date, .time, .timestamp(.second), .timestamp(.millisecond), .timestamp(.microsecond),
        .timestamp(.nanosecond), .interval,
    ]

    package func write(to frame: inout FrameWriter) {
        switch self {
        case .decimal(let precision, let scale):
            frame.write(byte: 100)
            frame.write(precision)
            frame.write(scale)
        case .list(let element):
            frame.write(byte: 101)
            frame.write(element)
        case .structure(let fields):
            frame.write(byte: 102)
            frame.write(list: fields)
        case .map(let key, let value):
            frame.write(byte: 103)
            frame.write(key)
            frame.write(value)
        default: frame.write(byte: UInt8(truncatingIfNeeded: Self.plain.firstIndex(of: self) ?? 0))
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 100:
            let (precision, scale) = (try frame.integer(), try frame.integer())
            guard (1...38).contains(precision), (0...precision).contains(scale) else { throw MalformedFrame() }
            self = .decimal(precision: precision, scale: scale)
        case 101: self = .list(try frame.value())
        case 102: self = .structure(try frame.list())
        case 103: self = .map(key: try frame.value(), value: try frame.value())
        case let number:
            guard Self.plain.indices.contains(Int(number)) else { throw MalformedFrame() }
            self = Self.plain[Int(number)]
        }
    }
}

extension ResultColumn: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(name)
        frame.write(type)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(name: try frame.text(), type: try frame.value())
    }
}

extension HiveType: FrameValue {
    private static let plain: [HiveType] = [
        .boolean, .tinyint, .smallint, .int, .bigint, .float, .double, .string, .binary, .date, .timestamp,
    ]

    package func write(to frame: inout FrameWriter) {
        switch self {
        case .decimal(let precision, let scale):
            frame.write(byte: 100)
            frame.write(precision)
            frame.write(scale)
        case .varchar(let length):
            frame.write(byte: 101)
            frame.write(length)
        case .char(let length):
            frame.write(byte: 102)
            frame.write(length)
        case .array(let element):
            frame.write(byte: 103)
            frame.write(element)
        case .map(let key, let value):
            frame.write(byte: 104)
            frame.write(key)
            frame.write(value)
        case .structure(let fields):
            frame.write(byte: 105)
            frame.write(list: fields) {
                $0.write($1.name)
                $0.write($1.type)
            }
        default: frame.write(byte: UInt8(truncatingIfNeeded: Self.plain.firstIndex(of: self) ?? 0))
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 100: self = .decimal(precision: try frame.integer(), scale: try frame.integer())
        case 101: self = .varchar(try frame.integer())
        case 102: self = .char(try frame.integer())
        case 103: self = .array(try frame.value())
        case 104: self = .map(key: try frame.value(), value: try frame.value())
        case 105:
            self = .structure(
                try frame.list { (frame) throws(MalformedFrame) in
                    Field(name: try frame.text(), type: try frame.value())
                })
        case let number:
            guard Self.plain.indices.contains(Int(number)) else { throw MalformedFrame() }
            self = Self.plain[Int(number)]
        }
    }
}

extension TableColumn: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(name)
        frame.write(type)
    }

    /// Comments stay with the daemon.
    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(name: try frame.text(), type: try frame.value())
    }
}

extension TableFormat: FrameValue {
    package func write(to frame: inout FrameWriter) {
        switch self {
        case .text(let layout):
            frame.write(byte: 0)
            frame.write(layout)
        case .json: frame.write(byte: 1)
        case .parquet: frame.write(byte: 2)
        case .avro: frame.write(byte: 3)
        case .orc: frame.write(byte: 4)
        case .rcFile: frame.write(byte: 5)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 0: self = .text(try frame.value())
        case 1: self = .json
        case 2: self = .parquet
        case 3: self = .avro
        case 4: self = .orc
        case 5: self = .rcFile
        default: throw MalformedFrame()
        }
    }
}

extension TextLayout: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(serDe.rawValue)
        for text in [delimiter, collectionDelimiter, mapKeyDelimiter, nullText] { frame.write(text) }
        for text in [quote, escape, pattern, encoding] { frame.write(optional: text) }
        frame.write(headerLines)
        frame.write(footerLines)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init()
        guard let serDe = SerDe(rawValue: try frame.text()) else { throw MalformedFrame() }
        self.serDe = serDe
        delimiter = try frame.text()
        collectionDelimiter = try frame.text()
        mapKeyDelimiter = try frame.text()
        nullText = try frame.text()
        quote = try frame.optionalText()
        escape = try frame.optionalText()
        pattern = try frame.optionalText()
        encoding = try frame.optionalText()
        headerLines = try frame.integer()
        footerLines = try frame.integer()
    }
}

extension ExternalTable: FrameValue {
    /// All that an engine reads its files by; its creator, comment and view are the daemon's.
    package func write(to frame: inout FrameWriter) {
        frame.write(schema)
        frame.write(name)
        frame.write(list: columns)
        frame.write(list: partitionColumns)
        frame.write(format)
        frame.write(location)
        frame.write(list: properties) {
            $0.write($1.key)
            $0.write($1.value)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        let (schema, name) = (try frame.text(), try frame.text())
        let (columns, partitionColumns): ([TableColumn], [TableColumn]) = (try frame.list(), try frame.list())
        let (format, location): (TableFormat, String) = (try frame.value(), try frame.text())
        let properties = try frame.list { (frame) throws(MalformedFrame) in (try frame.text(), try frame.text()) }
        self.init(
            schema: schema, name: name, columns: columns, partitionColumns: partitionColumns, format: format,
            location: location, properties: Dictionary(properties) { first, _ in first },
            creator: AccountIdentity(name: "", number: 0))
    }
}

extension FileSource: FrameValue {
    package func write(to frame: inout FrameWriter) {
        switch self {
        case .object(let key):
            frame.write(byte: 0)
            frame.write(key.bucket)
            frame.write(key.key)
        case .staged(let name):
            frame.write(byte: 1)
            frame.write(name)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 0:
            let (bucket, key) = (try frame.text(), try frame.text())
            do { self = .object(try ObjectKey(bucket: bucket, key: key)) } catch { throw MalformedFrame() }
        case 1: self = .staged(try frame.text())
        default: throw MalformedFrame()
        }
    }
}

extension SQLValue: FrameValue {
    package func write(to frame: inout FrameWriter) {
        switch self {
        case .null: frame.write(byte: 0)
        case .integer(let number):
            frame.write(byte: 1)
            frame.write(number)
        case .unsigned(let number):
            frame.write(byte: 2)
            frame.write(number)
        case .real(let number):
            frame.write(byte: 3)
            frame.write(number.bitPattern)
        case .text(let text):
            frame.write(byte: 4)
            frame.write(text)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 0: self = .null
        case 1: self = .integer(try frame.number())
        case 2: self = .unsigned(try frame.unsigned())
        case 3: self = .real(Double(bitPattern: try frame.unsigned()))
        case 4: self = .text(try frame.text())
        default: throw MalformedFrame()
        }
    }
}

extension ScanCondition: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(list: columns) { $0.write($1) }
        frame.write(tree)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(columns: Set(try frame.texts()), tree: try frame.data())
    }
}

extension QueryError: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(code.rawValue)
        frame.write(message)
        frame.write(optional: detail)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        guard let code = Code(rawValue: try frame.text()) else { throw MalformedFrame() }
        self.init(code, try frame.text(), detail: try frame.optionalText())
    }
}
