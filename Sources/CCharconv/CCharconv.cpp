#include "CCharconv.h"

#include <charconv>

template <typename Number>
static size_t print(Number value, char *buffer) {
    return static_cast<size_t>(std::to_chars(buffer, buffer + CCHARCONV_BYTES_MAX, value, std::chars_format::scientific).ptr - buffer);
}

size_t ccharconv_double(double value, char *buffer) { return print(value, buffer); }
size_t ccharconv_float(float value, char *buffer) { return print(value, buffer); }
