// The end of programs that stand on LibTorch, which takes 0.1 s to take its registries apart.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace ordo::apps {

/// Ends the program as `return` from main does, but for the destructors of static objects.
[[noreturn]] inline void leave(int status) {
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(status);
}

}  // namespace ordo::apps
