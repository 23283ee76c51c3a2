// The product of two square matrices of floats, row after row: c = a * b. c holds nothing of use before.
#include <algorithm>
#include <cstddef>

// EVOLVE-BLOCK-START
extern "C" void multiply(const float* a, const float* b, float* c, int n) {
    const int rows = 4;     // tune: 1..256
    const int columns = 8;  // tune: 1..256
    for (int top = 0; top < n; top += rows) {
        for (int left = 0; left < n; left += columns) {
            for (int i = top; i < std::min(top + rows, n); i++) {
                for (int j = left; j < std::min(left + columns, n); j++) {
                    c[i * n + j] = 0.0f;
                }
            }
            for (int k = 0; k < n; k++) {
                for (int i = top; i < std::min(top + rows, n); i++) {
                    for (int j = left; j < std::min(left + columns, n); j++) {
                        c[i * n + j] += a[i * n + k] * b[k * n + j];
                    }
                }
            }
        }
    }
}
// EVOLVE-BLOCK-END
