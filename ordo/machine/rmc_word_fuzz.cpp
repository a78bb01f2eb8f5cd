// Any bytes as a file that holds a word: letters or a located problem, and the same letters that a
// question of the same text has.
#include <cstdint>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ordo/machine/rmc_from_regex.h"
#include "ordo/machine/rmc_word_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::machine;
  using namespace ordo::machine::rmc;
  if (size > 4096) return 0;
  static const int file = memfd_create("word", 0);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    return 0;
  Terms terms;
  std::string streamed, read;
  bool stream_failed = false, read_failed = false;
  try {
    const StackStream stream = word_file(terms, kMain, fmt::format("/proc/self/fd/{}", file));
    while (const auto letter = stream.next()) streamed += print_term(terms, *letter) + " ";
  } catch (const ordo::InputError&) {
    stream_failed = true;
  }
  SourceMap sources;
  try {
    Diagnostics problems(sources);
    const SourceId text =
        sources.add("word", std::string(reinterpret_cast<const char*>(data), size));
    for (const TermId letter : read_word(terms, sources, text, {"end"}, problems)) {
      read += print_term(terms, letter) + " ";
    }
    read_failed = !problems.empty();
  } catch (const ordo::InputError&) {
    return 0;  // not UTF-8 somewhere; the stream may not have come there
  }
  if (stream_failed != read_failed) __builtin_trap();
  if (!read_failed && streamed != read) __builtin_trap();
  return 0;
}
