// Embeds one room: the mean of three numbers.
#include <array>
#include <cstdio>

#include "ordo/stats/estimates.h"

int main() {
  const std::array<double, 3> numbers = {1, 2, 6};
  std::printf("%g\n", ordo::stats::mean(numbers));
  return ordo::stats::mean(numbers) == 3 ? 0 : 1;
}
