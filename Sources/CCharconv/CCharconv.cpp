#include "CCharconv.h"

#include <charconv>

template <typename Number>
static size_t print(Number value, char *buffer) {
    return static_cast<size_t>(std::to_chars(buffer, buffer + CCHARCONV_BYTES_MAX, value, std::chars_format::scientific).ptr - buffer);
}

size_t ccharconv_double(double value, char *buffer) { return print(value, buffer); }
size_t ccharconv_float(float value, char *buffer) { return print(value, buffer); }

template <typename Number>
static bool parse(const char *text, size_t length, Number *out) {
    const auto result = std::from_chars(text, text + length, *out);
    return result.ec == std::errc() && result.ptr == text + length;
}

bool ccharconv_parse_double(const char *text, size_t length, double *out) { return parse(text, length, out); }
bool ccharconv_parse_float(const char *text, size_t length, float *out) { return parse(text, length, out); }
