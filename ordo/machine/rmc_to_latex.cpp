#include "ordo/machine/rmc_to_latex.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

constexpr std::size_t kMaxText = 120;  // bytes of a program or a memory in one cell

struct Line {
  std::uint64_t branch, parent;
  std::string rule, program, memory, bindings;
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

// The lines of the last line's branch, and of its ancestors before it began.
std::vector<Line> path_to_end(const std::vector<Line>& lines) {
  std::unordered_map<std::uint64_t, std::size_t> begins;
  for (std::size_t i = 0; i < lines.size(); ++i) begins.try_emplace(lines[i].branch, i);
  std::vector<Line> path;
  std::uint64_t branch = lines.back().branch;
  for (std::size_t i = lines.size(); i-- > 0;) {
    if (lines[i].branch != branch) continue;
    path.push_back(lines[i]);
    if (begins[branch] == i) branch = lines[i].parent;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

LatexTrace trace_latex(Terms& terms, ProgramId program, const Memory& memory,
                       const RunOptions& options, Context& context) {
  std::vector<Line> lines;
  bool found = false;
  RunOptions first = options;
  first.limits.max_answers = 1;
  first.search = Search::dfs;
  const TraceResult result =
      run_by_the_letter(terms, program, memory, first, context, [&](const TraceEvent& event) {
        if (found) return;
        lines.push_back({event.branch, event.parent, event.rule,
                         print(terms, event.program, kMaxText),
                         print_memory(terms, event.memory, kMaxText), bindings_text(terms, event)});
        found = event.end == TraceEvent::End::success;
      });
  LatexTrace trace{{}, result.limit};
  if (!found) return trace;
  trace.text = "\\begin{longtable}{llll}\nrule & next & memory & bindings \\\\ \\hline\n";
  for (const Line& line : path_to_end(lines))
    trace.text += fmt::format("{} & {} & {} & {} \\\\\n", line.rule, typewriter(line.program),
                              typewriter(line.memory), typewriter(line.bindings));
  trace.text += "\\end{longtable}\n";
  return trace;
}

}  // namespace ordo::machine::rmc
