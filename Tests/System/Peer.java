import java.sql.*;

/** Asks a server through JDBC and prints the answers: URL USER PASSWORD CATALOG. */
public class Peer {
    public static void main(String[] arguments) throws SQLException {
        try (Connection connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2])) {
            try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("select 1 as one, 'é' as e")) {
                print(rows);
            }
            try (PreparedStatement statement = connection.prepareStatement("select id, name, ? as p from oss_json where id > ? order by id")) {
                for (int low = 1; low < 4; low += 2) {
                    statement.setString(1, "it's " + low);
                    statement.setInt(2, low);
                    try (ResultSet rows = statement.executeQuery()) { print(rows); }
                }
            }
            DatabaseMetaData data = connection.getMetaData();
            try (ResultSet rows = data.getTables(arguments[3], null, "oss%", new String[] {"TABLE", "VIEW"})) { print(rows, "TABLE_NAME"); }
            try (ResultSet rows = data.getColumns(arguments[3], null, "oss_json", "%")) { print(rows, "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE"); }
            System.out.println(connection.isValid(5));
        }
    }

    static void print(ResultSet rows, String... names) throws SQLException {
        while (rows.next()) {
            StringBuilder line = new StringBuilder();
            int count = names.length > 0 ? names.length : rows.getMetaData().getColumnCount();
            for (int i = 0; i < count; i++) line.append(i > 0 ? "|" : "").append(names.length > 0 ? rows.getString(names[i]) : rows.getString(i + 1));
            System.out.println(line);
        }
    }
}
