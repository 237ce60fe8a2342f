// C++'s shortest text of a floating-point number for Swift. https://en.cppreference.com/w/cpp/utility/to_chars
#ifndef CCHARCONV_H
#define CCHARCONV_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Writes the shortest digits that read back as the same number, in scientific notation (d.ddde+XX), without a NUL, and returns how many
// bytes it wrote. `buffer` has room for CCHARCONV_BYTES_MAX bytes. The number is finite.
#define CCHARCONV_BYTES_MAX 32
size_t ccharconv_double(double value, char *buffer);
size_t ccharconv_float(float value, char *buffer);

#ifdef __cplusplus
}
#endif

#endif
