package import LoonCore

/// The properties of TBLPROPERTIES, keys in lower case.
package enum TableProperties {
    /// The keys that mean something.
    private static let known: Set<String> = [
        "auto.create.location", "comment", "compression.type", "ignore.malformed.json", "loon.malformed",
        "parquet.compression", "recursive.directories", "serialization.encoding", "serialization.null.format",
        "skip.footer.line.count", "skip.header.line.count", "storage.location.template",
        "textinputformat.record.delimiter",
    ]

    /// The keys that Hive, Glue and Spark write of their own accord, and that change no row.
    private static let silent: Set<String> = [
        "external", "transient_lastddltime", "has_encrypted_data", "classification", "numrows", "rawdatasize",
        "totalsize", "numfiles", "numpartitions", "column_stats_accurate", "bucketing_version", "last_modified_by",
        "last_modified_time", "typeofdata", "delimiter", "columnsordered", "arecolumnsquoted",
        "averagerecordsize", "recordcount", "objectcount", "sizekey", "updatedbycrawler",
        "crawlerschemadeserializerversion", "crawlerschemaserializerversion", "exclusions", "orc.compress",
        "parquet.compress", "write.compression", "auto.purge",
    ]

    /// The beginnings of keys that come in families.
    private static let families = ["mapping.", "projection."]
    private static let silentFamilies = ["spark.", "presto_", "trino_", "impala."]

    /// Throws where a property says what cannot be.
    package static func check(_ properties: [String: String]) throws(QueryError) {
        if let mode = properties["loon.malformed"], !["null", "fail", "drop"].contains(mode) {
            throw QueryError(.syntax, "loon.malformed is null, fail or drop, not '\(mode)'")
        }
    }

    /// A warning for each property that is not known.
    package static func unknown(_ properties: [String: String]) -> [String] {
        properties.keys.sorted().filter { key in
            !known.contains(key) && !silent.contains(key)
                && !(families + silentFamilies).contains { key.hasPrefix($0) }
        }.map {
            "The property '\($0)' is not known, and changes nothing" + NameSuggestion.text($0, among: known.sorted())
        }
    }
}

/// The properties of a ROW FORMAT SERDE, keys in lower case.
package struct SerDeProperties: Sendable, Equatable {
    let name: String
    let values: [String: String]

    var shortName: String { name.split(separator: ".").last?.lowercased() ?? "" }

    /// The keys that the SerDe's layout is made of, or that mean what is so anyway.
    private var known: Set<String> {
        switch shortName {
        case "lazysimpleserde", "multidelimitserde":
            [
                "field.delim", "serialization.format", "line.delim", "colelction.delim", "collection.delim",
                "mapkey.delim", "escape.delim", "serialization.null.format", "serialization.encoding",
                "serialization.last.column.takes.rest",
            ]
        case "regexserde": ["input.regex", "serialization.format", "output.format.string"]
        case "opencsvserde":
            ["separatorchar", "quotechar", "escapechar", "serialization.encoding", "serialization.format"]
        case "jsonserde": ["serialization.format", "case.insensitive", "paths", "timestamp.formats"]
        default: ["serialization.format"]
        }
    }

    /// The properties that become the table's: the JSON of OpenX
    /// (https://github.com/rcongiu/Hive-JSON-Serde#features) says there what its lines are.
    var tableProperties: [String: String] {
        guard shortName == "jsonserde" else { return [:] }
        var properties = values.filter {
            $0.key.hasPrefix("mapping.") || $0.key == "ignore.malformed.json" || $0.key == "serialization.encoding"
        }
        if values["ignore.malformed.json"]?.lowercased() == "true" { properties["loon.malformed"] = "null" }
        return properties
    }

    /// A warning for each property that is not known.
    var unknown: [String] {
        let known = known.union(tableProperties.keys)
        var texts = values.keys.sorted().filter { !known.contains($0) }.map {
            "The property '\($0)' of the SerDe is not known, and changes nothing"
                + NameSuggestion.text($0, among: known.sorted())
        }
        if shortName == "jsonserde", values["case.insensitive"]?.lowercased() == "false" {
            texts.append("The property 'case.insensitive' is passed over: names compare without regard to case")
        }
        return texts
    }
}
