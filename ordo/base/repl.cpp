#include "ordo/base/repl.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/options.h"

namespace ordo {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string with_newline(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

// Paths, folders with a '/' at their end.
std::vector<std::string> files_that_begin(const std::string& typed) {
  namespace fs = std::filesystem;
  const std::size_t slash = typed.rfind('/') + 1;  // npos + 1 is 0
  const std::string folder = typed.substr(0, slash), name = typed.substr(slash);
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string candidate = entry->path().filename().string();
    if (!candidate.starts_with(name) || (name.empty() && candidate.starts_with('.'))) continue;
    std::error_code unreadable;
    found.push_back(folder + candidate + (entry->is_directory(unreadable) ? "/" : ""));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Repl::Repl(ReplLanguage language) : language_(std::move(language)) {}

std::string Repl::help() const {
  const char sign = language_.command_sign;
  std::string text;
  const auto line = [&](const std::string& usage, const std::string& meaning) {
    text += fmt::format("  {:<26} {}\n", usage, meaning);
  };
  for (const ReplCommand& command : language_.commands) {
    const std::string also =
        command.short_name.empty() ? "" : fmt::format(" ({}{})", sign, command.short_name);
    line(fmt::format("{}{} {}", sign, command.name, command.argument), command.help + also);
  }
  line(fmt::format("{}help", sign), "this list");
  line(fmt::format("{}quit", sign), "leave (or Ctrl-D)");
  text += "  A command may be shortened as far as it stays unambiguous.\n";
  return text;
}

const ReplCommand& Repl::find_command(const std::string& name) const {
  std::vector<const ReplCommand*> matches;
  for (const ReplCommand& command : language_.commands) {
    if (command.name == name || command.short_name == name) return command;
    if (command.name.starts_with(name)) matches.push_back(&command);
  }
  if (matches.size() == 1) return *matches.front();
  std::vector<std::string> known;
  for (const ReplCommand& command : language_.commands) known.push_back(command.name);
  const char sign = language_.command_sign;
  if (matches.size() > 1) {
    std::string options;
    for (const ReplCommand* match : matches) options += fmt::format(" {}{}", sign, match->name);
    throw UsageError(fmt::format("'{}{}' may mean{}", sign, name, options));
  }
  const auto guess = nearest(name, known);
  throw UsageError(fmt::format("there is no command '{}{}'; {}", sign, name,
                               guess ? fmt::format("did you mean '{}{}'?", sign, *guess)
                                     : fmt::format("'{}help' lists them", sign)));
}

std::string Repl::enter(const std::string& entry, Context& context, bool& done) {
  const std::string_view text = trim(entry);
  if (text.empty()) return {};
  if (text.front() != language_.command_sign)
    return with_newline(language_.evaluate(std::string(text), context));
  const std::size_t space = std::min(text.find_first_of(" \t\n"), text.size());
  const std::string name(text.substr(1, space - 1));
  const std::string argument(trim(text.substr(space)));
  if (name == "quit" || name == "q") {
    done = true;
    return {};
  }
  if (name == "help" || name == "h" || name == "?") return help();
  return with_newline(find_command(name).run(argument, context));
}

void Repl::run(LineReader& reader, const std::function<void(std::string_view)>& write,
               const std::function<Context()>& make_context) {
  if (!language_.greeting.empty()) write(with_newline(language_.greeting));
  bool done = false;
  while (!done) {
    try {
      Context context = make_context();
      std::optional<std::string> entry = reader.read_line(language_.prompt);
      if (!entry) break;
      const bool is_command = trim(*entry).starts_with(language_.command_sign);
      while (!is_command && language_.is_incomplete && language_.is_incomplete(*entry)) {
        const auto more = reader.read_line(std::string(language_.prompt.size() - 2, '.') + "  ");
        if (!more) break;
        *entry += "\n" + *more;
      }
      if (!trim(*entry).empty()) reader.remember(*entry);
      write(enter(*entry, context, done));
    } catch (const Interrupted&) {
      write("interrupted\n");
    } catch (const Error& error) {
      write(with_newline(error.what()));
    }
  }
}

Completion Repl::complete(std::string_view line) const {
  const char sign = language_.command_sign;
  if (line.starts_with(sign) && line.find(' ') != std::string_view::npos) {
    const std::size_t space = line.find(' ');
    for (const ReplCommand& command : language_.commands) {
      if (command.name == line.substr(1, space - 1) && command.argument == "FILE")
        return {space + 1, files_that_begin(std::string(line.substr(space + 1)))};
    }
  }
  Completion found{line.find_last_of(" \t.;()[]<>") + 1, {}};  // npos + 1 is 0
  const std::string_view word = line.substr(found.start);
  const auto offer = [&](const std::string& candidate) {
    if (candidate.starts_with(word)) found.words.push_back(candidate);
  };
  if (found.start == 0 && word.starts_with(sign)) {
    for (const ReplCommand& command : language_.commands) offer(sign + command.name);
    offer(sign + std::string("help"));
    offer(sign + std::string("quit"));
  } else if (language_.names) {
    for (const std::string& name : language_.names()) offer(name);
  }
  std::sort(found.words.begin(), found.words.end());
  found.words.erase(std::unique(found.words.begin(), found.words.end()), found.words.end());
  return found;
}

}  // namespace ordo
