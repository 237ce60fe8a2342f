package import LoonCore

/// MySQL's error numbers and SQLSTATEs (https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html): the one place that
/// maps a `QueryError` to them.
package struct ErrorNumber: Sendable, Equatable {
    package let number: UInt16
    package let sqlState: String

    package init(_ code: QueryError.Code) {
        let (number, sqlState): (UInt16, String) =
            switch code {
            case .syntax: (1064, "42000")
            case .emptyQuery: (1065, "42000")
            case .notSupported: (1235, "42000")
            case .unknownDatabase: (1049, "42000")
            case .noDatabaseSelected: (1046, "3D000")
            case .unknownTable: (1146, "42S02")
            case .unknownColumn: (1054, "42S22")
            case .unknownVariable: (1193, "HY000")
            case .wrongVariableValue: (1231, "42000")
            case .databaseExists: (1007, "HY000")
            case .tableExists: (1050, "42S01")
            case .databaseNotEmpty: (1010, "HY000")
            case .accessDenied: (1227, "42000")
            case .authenticationFailed: (1045, "28000")
            case .unknownCommand: (1047, "08S01")
            case .packetTooLarge: (1153, "08S01")
            case .packetsOutOfOrder: (1156, "08S01")
            case .malformedPacket: (1043, "08S01")
            case .malformedData: (1366, "HY000")
            case .valueOutOfRange: (1690, "22003")
            case .hintValue: (1210, "HY000")
            case .location: (1210, "HY000")
            case .missingObject: (1017, "HY000")
            case .tooManyConnections: (1040, "08004")
            case .queueFull: (1203, "42000")
            case .interrupted: (1317, "70100")
            case .outOfMemory: (1038, "HY001")
            case .shuttingDown: (1053, "08S01")
            case .storage: (1030, "HY000")
            case .engine, .internalFault: (1105, "HY000")
            case .resultTooLarge: (1153, "08S01")
            case .malformedCommand: (1835, "HY000")
            case .wrongArguments: (1210, "HY000")
            case .unknownStatement: (1243, "HY000")
            case .tooManyStatements: (1461, "42000")
            case .noCursor: (1421, "HY000")
            case .insecureTransport: (3159, "HY000")
            case .idleTooLong: (4031, "HY000")
            case .timeLimit: (3024, "HY000")
            case .unknownThread: (1094, "HY000")
            case .notOwner: (1095, "HY000")
            case .ambiguousColumn: (1052, "23000")
            case .notGrouped: (1055, "42000")
            case .unknownFunction: (1305, "42000")
            case .unknownSystemTable: (1109, "42S02")
            case .readOnlyVariable: (1238, "HY000")
            case .globalVariable: (1229, "HY000")
            case .sessionVariable: (1228, "HY000")
            case .unknownCharset: (1115, "42000")
            case .unknownTimeZone: (1298, "HY000")
            case .divisionByZero: (1365, "22012")
            case .missingDatabase: (1008, "HY000")
            case .missingTable: (1051, "42S02")
            case .tooManyParameters: (1390, "HY000")
            case .noSuchGrant: (1141, "42000")
            case .wrongType: (1232, "42000")
            case .partitionExists: (1517, "HY000")
            case .missingPartition: (1735, "HY000")
            case .tableChanged: (1412, "HY000")
            case .columnCount: (1136, "21S01")
            case .wrongObject: (1347, "HY000")
            case .duplicateColumn: (1060, "42S21")
            case .notWritable: (1288, "HY000")
            }
        self.number = number
        self.sqlState = sqlState
    }
}
