// Unicode's normal forms (UAX #15) and accents stripped.
#pragma once

#include <string>
#include <string_view>

#include "ordo/text/normalized.h"

namespace ordo::text {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

void to_normal_form(Normalized& text, NormalForm form);
/// Of well-formed UTF-8.
std::string to_normal_form(std::string_view text, NormalForm form);

}  // namespace ordo::text
