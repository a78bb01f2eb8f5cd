// A local page over a store: `serve` answers on 127.0.0.1 until it is stopped. The page is
// web/dist/board.html, compiled in; what it asks for is /api (docs/board.md). The store is only
// read, so a study may be running on it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::board {

struct Options {
  std::filesystem::path store = ".ordo";  ///< the store's folder
  int port = 8700;                        ///< 0: one that is free
  bool open = false;                      ///< show the page in the desktop's browser
  void describe(OptionSet& set);
};

/// Where the board stands.
struct Served {
  std::string url;
};
Json to_json(const Served& served);
std::string to_text(const Served& served);

/// What a program does once connections are accepted.
struct Surroundings {
  std::function<void(const Served&)> ready = {};
};

/// Serves until the context's stop token is set, which is its normal end. Throws IoError if the
/// port is taken, and what Store's constructor does.
Served serve(const Options& options, const Surroundings& around, Context& context);

}  // namespace ordo::board
