// The page itself.
#pragma once

#include <string_view>

namespace ordo::board {

/// web/dist/board.html as it was when this library was built.
std::string_view page();

}  // namespace ordo::board
