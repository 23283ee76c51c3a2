// The product of two square matrices of floats, row after row: c = a * b. c holds nothing of use before.
#include <algorithm>
#include <cstddef>

// EVOLVE-BLOCK-START
extern "C" void multiply(const float* a, const float* b, float* c, int n) {
    const int rows = 9;     // tune: 1..256
    const int columns = 5;  // tune: 1..256
    for (int top = 0; top < n; top += rows) {
        for (int left = 0; left < n; left += columns) {
            for (int i = top; i < std::min(top + rows, n); i++) {
                for (int j = left; j < std::min(left + columns, n); j++) {
                    float sum = 0.0f;
                    for (int k = 0; k < n; k++) {
                        sum += a[i * n + k] * b[k * n + j];
                    }
                    c[i * n + j] = sum;
                }
            }
        }
    }
}
// EVOLVE-BLOCK-END
