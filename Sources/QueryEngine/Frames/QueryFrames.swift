import LoonCore

// The values of this module as frames have them.

extension TableBinding: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(table)
        frame.write(name)
        frame.write(list: files) {
            $0.write($1.source)
            $0.write($1.partition)
            $0.write($1.size)
            $0.write($1.modified)
        }
        frame.write(list: partitions) { $0.write(list: $1) { $0.write(optional: $1) } }
        frame.write(needsCare)
        frame.write(optional: columnsRead) { $0.write(list: $1) { $0.write($1) } }
        frame.write(list: ranges) {
            $0.write($1.key)
            $0.write($1.value.lowerBound)
            $0.write($1.value.upperBound)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        let (table, name): (ExternalTable, String) = (try frame.value(), try frame.text())
        let files = try frame.list { (frame) throws(MalformedFrame) in
            File(
                try frame.value(), partition: try frame.integer(), size: try frame.number(),
                modified: try frame.number())
        }
        let partitions = try frame.list { (frame) throws(MalformedFrame) in
            try frame.list { (frame) throws(MalformedFrame) in try frame.optionalText() }
        }
        let needsCare = try frame.flag()
        let columnsRead = try frame.optional { (frame) throws(MalformedFrame) in Set(try frame.texts()) }
        let ranges = try frame.list { (frame) throws(MalformedFrame) in
            let (name, low, high) = (try frame.text(), try frame.number(), try frame.number())
            guard low <= high else { throw MalformedFrame() }
            return (name, low...high)
        }
        self.init(
            table: table, name: name, files: files, partitions: partitions, needsCare: needsCare,
            columnsRead: columnsRead, ranges: Dictionary(ranges) { first, _ in first })
    }
}

extension ViewBinding: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(schema)
        frame.write(name)
        frame.write(list: columns) { $0.write($1) }
        frame.write(list: queryColumns) { $0.write($1) }
        frame.write(sql)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(
            schema: try frame.text(), name: try frame.text(), columns: try frame.texts(),
            queryColumns: try frame.texts(), sql: try frame.text())
    }
}

extension StoredResult: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(schema)
        frame.write(name)
        frame.write(source)
        frame.write(form == .kept)
        frame.write(list: columns)
        frame.write(rowBytesMax)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(
            schema: try frame.text(), name: try frame.text(), source: try frame.value(),
            form: try frame.flag() ? .kept : .csv, columns: try frame.list(), rowBytesMax: try frame.integer())
    }
}

extension ExportTarget: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(folder)
        frame.write(list: columns)
        frame.write(list: sources) { $0.write(optional: $1) { $0.write($1) } }
        frame.write(partitionCount)
        frame.write(format)
        frame.write(optional: compression)
        frame.write(fileBytesMax)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init(
            folder: try frame.value(), columns: try frame.list(),
            sources: try frame.list { (frame) throws(MalformedFrame) in
                try frame.optional { (frame) throws(MalformedFrame) in try frame.integer() }
            }, partitionCount: try frame.integer(), format: try frame.value(), compression: try frame.optionalText(),
            fileBytesMax: try frame.number())
    }
}

extension QueryProfile: FrameValue {
    package func write(to frame: inout FrameWriter) {
        frame.write(rowCount)
        frame.write(optional: scannedRowCount) { $0.write($1) }
        frame.write(malformedCount)
        frame.write(optional: peakMemoryBytes) { $0.write($1) }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        self.init()
        rowCount = try frame.count()
        scannedRowCount = try frame.optional { (frame) throws(MalformedFrame) in try frame.count() }
        malformedCount = try frame.count()
        peakMemoryBytes = try frame.optional { (frame) throws(MalformedFrame) in try frame.count() }
    }
}

extension EngineQuery: FrameValue {
    /// The rows of value tables come in frames of their own, and whose query it is stays with the daemon.
    package func write(to frame: inout FrameWriter) {
        frame.write(sql)
        frame.write(optional: schema)
        frame.write(list: tables)
        frame.write(list: views)
        frame.write(list: valueTables) {
            $0.write($1.schema)
            $0.write($1.name)
            $0.write(list: $1.columns)
        }
        frame.write(list: results)
        frame.write(isProfiled)
        frame.write(timeZoneOffsetMinutes)
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        let (sql, schema) = (try frame.text(), try frame.optionalText())
        let (tables, views): ([TableBinding], [ViewBinding]) = (try frame.list(), try frame.list())
        let valueTables = try frame.list { (frame) throws(MalformedFrame) in
            ValueTable(schema: try frame.text(), name: try frame.text(), columns: try frame.list()) { _ in }
        }
        self.init(
            sql: sql, schema: schema, tables: tables, views: views, valueTables: valueTables,
            results: try frame.list(), isProfiled: try frame.flag(), timeZoneOffsetMinutes: try frame.integer(),
            account: AccountIdentity(name: "", number: 0))
    }

    /// The same with other rows in its value tables.
    package func with(valueTables: [ValueTable]) -> EngineQuery {
        EngineQuery(
            sql: sql, schema: schema, tables: tables, views: views, valueTables: valueTables, results: results,
            isProfiled: isProfiled, timeZoneOffsetMinutes: timeZoneOffsetMinutes, account: account)
    }
}
