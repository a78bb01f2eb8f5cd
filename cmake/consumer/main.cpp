// Embeds one room: a two-sided 95 % interval of a mean.
#include <array>
#include <cstdio>

#include "ordo/base/random.h"

int main() {
  ordo::Random random(1);
  std::array<double, 3> draws = {random.normal(), random.normal(), random.normal()};
  std::printf("%.3f %.3f %.3f\n", draws[0], draws[1], draws[2]);
  return 0;
}
