#include "ordo/machine/rmc_to_latex.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

constexpr std::size_t kMaxText = 120;  // bytes of a program or a memory in one cell

struct Line {
  std::size_t previous;  // the line it came from; its own index for the first
  std::string rule, program, memory, bindings;
};

// Which line each line comes from. Of two alternatives the left one stays on the branch of the
// choice and the right one opens a branch; depth first, that happens in the order of a stack.
class Origins {
 public:
  std::size_t add(const Terms& terms, const TraceEvent& event) {
    const std::size_t line = count_++;
    const auto known = last_.find(event.branch);
    std::size_t previous = line;
    if (known != last_.end()) {
      previous = known->second;
    } else if (auto& choices = choices_[event.parent]; !choices.empty()) {
      previous = choices.back();
      choices.pop_back();
    }
    last_[event.branch] = line;
    const Op op = terms.program(event.program).op;
    if (event.end == TraceEvent::End::none && (op == Op::sum || op == Op::star))
      choices_[event.branch].push_back(line);
    return previous;
  }

 private:
  std::size_t count_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> last_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> choices_;  // right sides still due
};

std::string typewriter(std::string_view text) {
  std::string out = "\\texttt{";
  for (const char c : text) {
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '~')
      out += "\\textasciitilde{}";
    else if (c == '^')
      out += "\\textasciicircum{}";
    else if (std::string_view("{}_#$%&").find(c) != std::string_view::npos)
      (out += '\\') += c;
    else
      out += c;
  }
  return out += '}';
}

std::string bindings_text(const Terms& terms, const TraceEvent& event) {
  std::string text;
  for (const auto& [variable, value] : event.made) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", terms.variable_name(variable),
                        print_term(terms, value, kMaxText));
  }
  return text;
}

// The lines that lead to the last one.
std::vector<Line> path_to_end(const std::vector<Line>& lines) {
  std::vector<Line> path;
  for (std::size_t i = lines.size() - 1;; i = lines[i].previous) {
    path.push_back(lines[i]);
    if (lines[i].previous == i) break;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

LatexTrace trace_latex(Terms& terms, ProgramId program, const Memory& memory,
                       const RunOptions& options, Context& context) {
  std::vector<Line> lines;
  Origins origins;
  bool found = false;
  RunOptions first = options;
  first.limits.max_answers = 1;
  first.search = Search::dfs;
  const TraceResult result =
      run_by_the_letter(terms, program, memory, first, context, [&](const TraceEvent& event) {
        if (found) return;
        lines.push_back({origins.add(terms, event), event.rule,
                         print(terms, event.program, kMaxText),
                         print_memory(terms, event.memory, kMaxText), bindings_text(terms, event)});
        found = event.end == TraceEvent::End::success;
      });
  LatexTrace trace{{}, found ? Limit::none : result.limit};
  if (!found) return trace;
  trace.text = "\\begin{longtable}{llll}\nrule & next & memory & bindings \\\\ \\hline\n";
  for (const Line& line : path_to_end(lines))
    trace.text += fmt::format("{} & {} & {} & {} \\\\\n", line.rule, typewriter(line.program),
                              typewriter(line.memory), typewriter(line.bindings));
  trace.text += "\\end{longtable}\n";
  return trace;
}

}  // namespace ordo::machine::rmc
