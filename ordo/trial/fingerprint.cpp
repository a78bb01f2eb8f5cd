#include "ordo/trial/fingerprint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/trial/placeholder.h"

namespace ordo::trial {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kReadWhole = 64 << 20;

bool is_script(const fs::path& file) {
  static constexpr std::array<std::string_view, 16> kSuffixes = {
      ".py", ".sh", ".bash", ".R",   ".r", ".jl",  ".js",  ".mjs",
      ".ts", ".rb", ".pl",   ".lua", ".m", ".jar", ".php", ".sql"};
  const std::string suffix = file.extension().string();
  return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) != kSuffixes.end();
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<std::string> constant_words(const CommandText& command) {
  std::vector<std::string> words = command.words;
  words.insert(words.end(), command.worker.begin(), command.worker.end());
  if (!command.script.empty()) {
    try {
      words = split_words(command.script);
    } catch (const InputError&) {
      words.clear();  // a shell may understand quotes that this splitting does not
    }
  }
  std::erase_if(words, [](const std::string& word) { return !placeholders(word).empty(); });
  return words;
}

Json as_json(const CommandText& command) {
  JsonObject environment;
  for (const auto& [name, value] : command.environment) environment[name] = value;
  return Json::object({{"run", Json::array_of(command.words)},
                       {"script", command.script},
                       {"worker", Json::array_of(command.worker)},
                       {"folder", command.folder},
                       {"stdin", command.input},
                       {"env", std::move(environment)}});
}

}  // namespace

Fingerprinter::Fingerprinter(std::vector<fs::path> search_path)
    : search_path_(std::move(search_path)) {}

fs::path Fingerprinter::resolve(const std::string& program, const fs::path& folder) const {
  if (program.find('/') != std::string::npos) {
    const fs::path file = folder / program;
    return is_file(file) ? file : fs::path();
  }
  for (const fs::path& place : search_path_) {
    if (is_file(place / program)) return place / program;
  }
  return {};
}

std::string Fingerprinter::of(const CommandText& command, const std::string& program,
                              const fs::path& folder) {
  Json parts = Json::array({as_json(command)});
  const fs::path file = resolve(program, folder);
  parts.push_back(file.empty() ? program : file_hash(file));
  for (const std::string& word : constant_words(command)) {
    const fs::path script = folder / word;
    if (is_script(script) && is_file(script)) parts.push_back(file_hash(script));
  }
  return sha256_hex(parts.dump());
}

const std::string& Fingerprinter::file_hash(const fs::path& file) {
  const auto [place, is_new] = hashes_.try_emplace(file);
  if (is_new) {
    if (fs::file_size(file) <= kReadWhole) {
      place->second = sha256_hex(read_file(file));
    } else {
      place->second = fmt::format("{} bytes of {}", fs::file_size(file),
                                  fs::last_write_time(file).time_since_epoch().count());
    }
  }
  return place->second;
}

}  // namespace ordo::trial
