// Tokenizers for the scripts beside it, which set Python's packages against it:
//
//   bench-text encode TOKENIZER < STRINGS     a JSON string a line in; a line of ids, offsets
//   (bytes)
//                                             and the decoded text out, as JSON
//   bench-text speed TOKENIZER FILE CHUNK     encodes the file's text in pieces of CHUNK bytes, 7
//   times:
//                                             MB/s without and with offsets, and seconds to load
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iostream>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/models/gguf.h"
#include "ordo/text/tokenizer.h"

namespace {

using ordo::Json;
using ordo::text::Tokenizer;

double seconds(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Tokenizer load(const std::string& path) {
  if (!path.ends_with(".gguf")) return Tokenizer::load(path);
  return Tokenizer::from_gguf(ordo::models::read_gguf(path).metadata, path);
}

int encode(const Tokenizer& tokenizer) {
  for (std::string line; std::getline(std::cin, line);) {
    const std::string text = ordo::parse_json(line).as_string();
    const auto ids = tokenizer.encode(text);
    const auto encoding = tokenizer.encode_with_offsets(text);
    Json offsets = Json::array();
    for (const auto& span : encoding.offsets) {
      offsets.push_back(span.begin);
      offsets.push_back(span.end);
    }
    if (encoding.ids != ids) {
      fmt::print(stderr, "with and without offsets differ: {}\n", line);
      return 1;
    }
    std::cout << Json::array({Json::array_of(ids), offsets,
                              tokenizer.decode(ids, {.skip_special_tokens = false})})
                     .dump()
              << '\n';
  }
  return 0;
}

// Pieces that end where a character does.
std::vector<std::string_view> chunks(std::string_view text, std::size_t size) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    std::size_t end = std::min(size, text.size());
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pieces;
}

double median_seconds(const std::function<void()>& run) {
  run();
  std::array<double, 7> times{};
  for (double& time : times) time = seconds(run);
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int speed(const std::string& path, const std::string& file, std::size_t chunk) {
  const double loading = seconds([&] { load(path); });
  const Tokenizer tokenizer = load(path);
  const std::string text = ordo::read_file(file);
  const std::vector<std::string_view> pieces = chunks(text, chunk);
  std::size_t tokens = 0;
  const double plain = median_seconds([&] {
    tokens = 0;
    for (const std::string_view piece : pieces) tokens += tokenizer.encode(piece).size();
  });
  const double with_offsets = median_seconds([&] {
    for (const std::string_view piece : pieces) tokenizer.encode_with_offsets(piece);
  });
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  fmt::print("{:.3f} {:.3f} {:.4f} {}\n", megabytes / plain, megabytes / with_offsets, loading,
             tokens);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "encode") return encode(load(words[1]));
  if (words.size() == 4 && words[0] == "speed")
    return speed(words[1], words[2], std::stoul(words[3]));
  fmt::print(stderr,
             "bench-text encode TOKENIZER < STRINGS\nbench-text speed TOKENIZER FILE CHUNK\n");
  return 2;
}
