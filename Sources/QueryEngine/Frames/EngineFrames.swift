package import LoonCore

/// The protocol between the daemon and a worker (docs/workers.md). A frame is its payload's length in four bytes, the
/// least significant first, its kind, and the payload.
package enum FrameKind: UInt8, Sendable {
    // To the worker.
    /// `WorkerBinding`: comes first, and once.
    case bind = 1
    /// `EngineRequest`: one at a time.
    case request = 2
    /// Rows of the request's next value table.
    case valueRows = 3
    /// The end of that table's rows.
    case valueEnd = 4
    /// The number of the request that is to stop.
    case cancel = 5

    // From the worker.
    case bound = 16
    /// How far the request is, in thousandths.
    case progress = 17
    /// The columns of rows that follow.
    case columns = 18
    /// A count of rows, and their bytes.
    case rows = 19
    /// The request's outcome, in the form of its kind.
    case answer = 20
    /// `RowEncoding.NotPlain`
    case notPlain = 21
    /// A `QueryError`, and whether the worker takes no more requests.
    case failed = 22

    /// Bytes that are taken of one: rows, statements and their trees are bounded by their own limits.
    package var bytesMax: Int {
        switch self {
        case .rows, .answer, .request: Limits.rowBytesMax + Limits.rowBufferBytes
        default: Limits.frameBytesMax
        }
    }
}

/// All that a worker may touch, fixed before it sees a statement.
package struct WorkerBinding: FrameValue, Sendable {
    /// Both programs must be of one build.
    package var version: String
    package var root: String
    package var staging: String
    /// Folders end in a slash.
    package var readable: [String]
    package var writable: [String]
    package var spill: String
    package var spillLimit: String?
    /// Bytes of data that the process may hold, whatever a statement's part is.
    package var dataBytesMax: Int64
    /// The newest version of Landlock that is used; 0: the kernel's walls are left out.
    package var landlockMax: Int
    /// Whether Avro files are among those that are read: the engine loads what reads them, which takes a while.
    package var readsAvro: Bool

    package init(
        version: String, root: String, staging: String, readable: [String], writable: [String], spill: String,
        spillLimit: String?, dataBytesMax: Int64, landlockMax: Int, readsAvro: Bool
    ) {
        self.version = version
        self.root = root
        self.staging = staging
        self.readable = readable
        self.writable = writable
        self.spill = spill
        self.spillLimit = spillLimit
        self.dataBytesMax = dataBytesMax
        self.landlockMax = landlockMax
        self.readsAvro = readsAvro
    }

    package func write(to frame: inout FrameWriter) {
        for text in [version, root, staging, spill] { frame.write(text) }
        frame.write(list: readable) { $0.write($1) }
        frame.write(list: writable) { $0.write($1) }
        frame.write(optional: spillLimit)
        frame.write(dataBytesMax)
        frame.write(landlockMax)
        frame.write(readsAvro)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        version = try frame.text()
        root = try frame.text()
        staging = try frame.text()
        spill = try frame.text()
        readable = try frame.texts()
        writable = try frame.texts()
        spillLimit = try frame.optionalText()
        dataBytesMax = try frame.number()
        landlockMax = try frame.integer()
        readsAvro = try frame.flag()
    }
}

/// A request, with the part of the cluster's threads and memory that it may take.
package struct EngineRequest: FrameValue, Sendable {
    package enum Operation: Sendable {
        /// Answered with the tree.
        case parse(String)
        /// Answered with numbers, or none.
        case rows([[String?]], of: [TableColumn], matching: [ScanCondition])
        /// Answered with columns.
        case describe(EngineQuery)
        /// Answered with a text.
        case explain(EngineQuery, isAnalyze: Bool)
        /// Answered with a profile.
        case export(EngineQuery, to: ExportTarget)
        /// Answered with `KeptRows`.
        case keepRows(EngineQuery, in: FileSource, isShown: Bool, rowsMax: Int?)
        /// Answered with texts.
        case volatileFunctions
        /// Answered with `InferredColumns`.
        case inferColumns(of: [FileSource], format: TableFormat)
        /// Answered with `TextTraits` of each.
        case textTraits(of: [FileSource], quotes: QuoteRules?)
        /// Answered with nothing.
        case rewrite([TextRewriting])
        /// Rows come, and `RunOutcome`.
        case run(EngineQuery, as: RowEncoding, rowsMax: Int?)
    }

    /// Told by a cancellation.
    package let number: Int64
    package let threads: Int
    package let memoryBytes: Int64
    package let operation: Operation

    package init(number: Int64, threads: Int, memoryBytes: Int64, _ operation: Operation) {
        self.number = number
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.operation = operation
    }

    package func write(to frame: inout FrameWriter) {
        frame.write(number)
        frame.write(threads)
        frame.write(memoryBytes)
        switch operation {
        case .parse(let sql):
            frame.write(byte: 0)
            frame.write(sql)
        case .rows(let rows, let columns, let conditions):
            frame.write(byte: 1)
            frame.write(list: rows) { $0.write(list: $1) { $0.write(optional: $1) } }
            frame.write(list: columns)
            frame.write(list: conditions)
        case .describe(let query):
            frame.write(byte: 2)
            frame.write(query)
        case .explain(let query, let isAnalyze):
            frame.write(byte: 3)
            frame.write(query)
            frame.write(isAnalyze)
        case .export(let query, let target):
            frame.write(byte: 4)
            frame.write(query)
            frame.write(target)
        case .keepRows(let query, let file, let isShown, let rowsMax):
            frame.write(byte: 5)
            frame.write(query)
            frame.write(file)
            frame.write(isShown)
            frame.write(optional: rowsMax) { $0.write($1) }
        case .volatileFunctions: frame.write(byte: 6)
        case .inferColumns(let files, let format):
            frame.write(byte: 7)
            frame.write(list: files)
            frame.write(format)
        case .run(let query, let encoding, let rowsMax):
            frame.write(byte: 8)
            frame.write(query)
            frame.write(encoding)
            frame.write(optional: rowsMax) { $0.write($1) }
        case .textTraits(let files, let rules):
            frame.write(byte: 9)
            frame.write(list: files)
            frame.write(optional: rules) { $0.write($1) }
        case .rewrite(let rewritings):
            frame.write(byte: 10)
            frame.write(list: rewritings)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        number = try frame.number()
        threads = try frame.integer()
        memoryBytes = try frame.number()
        switch try frame.byte() {
        case 0: operation = .parse(try frame.text())
        case 1:
            let rows = try frame.list { (frame) throws(MalformedFrame) in
                try frame.list { (frame) throws(MalformedFrame) in try frame.optionalText() }
            }
            operation = .rows(rows, of: try frame.list(), matching: try frame.list())
        case 2: operation = .describe(try frame.value())
        case 3: operation = .explain(try frame.value(), isAnalyze: try frame.flag())
        case 4: operation = .export(try frame.value(), to: try frame.value())
        case 5:
            operation = .keepRows(
                try frame.value(), in: try frame.value(), isShown: try frame.flag(),
                rowsMax: try frame.optional { (frame) throws(MalformedFrame) in try frame.integer() })
        case 6: operation = .volatileFunctions
        case 7: operation = .inferColumns(of: try frame.list(), format: try frame.value())
        case 8:
            operation = .run(
                try frame.value(), as: try frame.value(),
                rowsMax: try frame.optional { (frame) throws(MalformedFrame) in try frame.integer() })
        case 9:
            operation = .textTraits(
                of: try frame.list(),
                quotes: try frame.optional { (frame) throws(MalformedFrame) in try frame.value() })
        case 10: operation = .rewrite(try frame.list())
        default: throw MalformedFrame()
        }
    }
}

extension RowEncoding: FrameValue {
    package func write(to frame: inout FrameWriter) {
        switch self {
        case .text: frame.write(byte: 0)
        case .binary: frame.write(byte: 1)
        case .spool: frame.write(byte: 2)
        case .file(let form, let limits, let kept):
            frame.write(byte: 3)
            frame.write(form == .json)
            frame.write(limits.rowsMax)
            frame.write(limits.bytesMax)
            frame.write(optional: kept) { $0.write(list: $1) }
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 0: self = .text
        case 1: self = .binary
        case 2: self = .spool
        case 3:
            self = .file(
                try frame.flag() ? .json : .csv,
                ResultLimits(rowsMax: try frame.integer(), bytesMax: try frame.integer()),
                kept: try frame.optional { (frame) throws(MalformedFrame) in try frame.list() })
        default: throw MalformedFrame()
        }
    }
}

extension KeptRows: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(profile)
        frame.write(list: columns)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(profile: try frame.value(), columns: try frame.list())
    }
}

extension InferredColumns: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(list: columns)
        frame.write(format)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(columns: try frame.list(), format: try frame.value())
    }
}

extension RunOutcome: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(profile)
        frame.write(longestRow)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(profile: try frame.value(), longestRow: Int(try frame.count()))
    }
}

/// Why a request failed, and whether the worker's engine is broken by it: it is then of no more use.
package struct Failure: FrameValue, Sendable {
    package let error: QueryError
    package let isLast: Bool

    package init(error: QueryError, isLast: Bool) {
        self.error = error
        self.isLast = isLast
    }

    package func write(to frame: inout FrameWriter) {
        frame.write(error)
        frame.write(isLast)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(error: try frame.value(), isLast: try frame.flag())
    }
}
