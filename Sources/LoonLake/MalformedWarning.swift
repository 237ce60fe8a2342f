/// How many fields of text and JSON were not of their column's type: what SHOW WARNINGS and a result's description say.
package enum MalformedWarning {
    package static func text(_ count: Int64) -> String {
        "\(count) fields did not fit the type of their column and were read as NULL, or their rows dropped; "
            + "the table property loon.malformed decides which"
    }
}
