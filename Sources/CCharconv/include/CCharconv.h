// C++'s texts of floating-point numbers for Swift. https://en.cppreference.com/w/cpp/utility/to_chars, …/from_chars
#ifndef CCHARCONV_H
#define CCHARCONV_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Writes the shortest digits that read back as the same number, in scientific notation (d.ddde+XX), without a NUL, and returns how many
// bytes it wrote. `buffer` has room for CCHARCONV_BYTES_MAX bytes. The number is finite.
#define CCHARCONV_BYTES_MAX 32
size_t ccharconv_double(double value, char *buffer);
size_t ccharconv_float(float value, char *buffer);

// Reads a number that is all of the text: false where it is not. No spaces, no sign but '-'; `nan`, `inf` and `infinity` are numbers.
bool ccharconv_parse_double(const char *text, size_t length, double *out);
bool ccharconv_parse_float(const char *text, size_t length, float *out);

#ifdef __cplusplus
}
#endif

#endif
