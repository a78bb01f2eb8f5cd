#include "ordo/machine/rmc_to_diagram.h"

#include <map>
#include <vector>

#include <fmt/format.h>

#include "ordo/machine/rmc_normal.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::uint64_t kMaxSummands = 1'000;

// One summand. Wires are gathered by variable and drawn once all their ends are known.
class Drawing {
 public:
  Drawing(const Terms& terms, std::size_t number) : terms_(terms), number_(number) {}

  std::string draw(const Summand& summand) {
    for (std::size_t i = 0; i < summand.spans.size(); ++i) {
      const SpanPart& span = summand.spans[i];
      const std::string before = i == 0 ? "" : star(summand.stars[i - 1], i - 1);
      const std::string after = i + 1 == summand.spans.size() ? "" : star_name(i);
      for (const SpanStack& s : span) ends(s.location, s.pops, before, Side::left);
      for (const SpanStack& s : span) ends(s.location, s.pushes, after, Side::right);
    }
    for (const auto& [variable, value] : summand.equations) {
      const std::string node = name("e");
      text_ += fmt::format("    {} [label=\"=\"];\n", node);
      term(variable, node, Side::right);
      term(value, node, Side::right);
    }
    wires();
    return fmt::format("  subgraph cluster_{} {{\n    label={};\n{}  }}\n", number_,
                       quote(summand.text.size() > 200 ? "" : summand.text), text_);
  }

 private:
  enum class Side { left, right };  // whether a term is taken apart, or built
  struct End {
    std::string node;
    Side side;
    std::size_t argument;  // of the box `node`, from 1; 0: the only wire there
  };

  std::string name(const char* kind) { return fmt::format("{}{}_{}", kind, number_, nodes_++); }
  std::string star_name(std::size_t i) const { return fmt::format("s{}_{}", number_, i); }
  std::string star(ProgramId body, std::size_t i) {
    text_ += fmt::format("    {} [shape=box, style=rounded, label={}];\n", star_name(i),
                         quote(print(terms_, body, 60)));
    // Two spans that exchange nothing with the star still stand on its sides.
    return star_name(i);
  }

  // The items of a stack in the order in which they are popped, or the other way round.
  void ends(Symbol location, const std::vector<TermId>& items, const std::string& star, Side side) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::size_t depth = side == Side::left ? i + 1 : items.size() - i;
      const std::string port =
          fmt::format("{} {}", location == kMain ? "main" : terms_.text(location), depth);
      std::string node = star;
      if (star.empty()) {
        node = name(side == Side::left ? "i" : "o");
        text_ += fmt::format("    {} [shape=plaintext, label={}];\n", node, quote(port));
      }
      term(items[i], node, side);
    }
  }

  // A term whose root hangs on `node`.
  void term(TermId root, const std::string& node, Side side) {
    struct Task {
      TermId id;
      End parent;
    };
    std::vector<Task> tasks{{root, {node, side, 0}}};
    while (!tasks.empty()) {
      const auto [id, parent] = std::move(tasks.back());
      tasks.pop_back();
      const TermNode& term = terms_.term(id);
      if (term.is_variable) {
        ends_[term.label].push_back(parent);
        continue;
      }
      const std::string box = name("f");
      const bool whole = term.ground;
      const std::string label = whole ? print_term(terms_, id, 60) : terms_.text(term.label);
      text_ += fmt::format("    {} [shape=box, label={}];\n", box, quote(label));
      join(parent, box);
      if (whole) continue;
      const auto args = terms_.args(id);
      for (std::size_t i = args.size(); i-- > 0;) {
        tasks.push_back({args[i], {box, side, args.size() == 1 ? 0 : i + 1}});
      }
    }
  }

  static std::string argument_label(const End& end) {
    if (end.argument == 0) return {};
    return fmt::format("{}=\"{}\"", end.side == Side::left ? "taillabel" : "headlabel",
                       end.argument);
  }
  void edge(const std::string& from, const std::string& to, const std::string& attributes) {
    text_ += fmt::format("    {} -> {}{};\n", from, to,
                         attributes.empty() ? "" : fmt::format(" [{}]", attributes));
  }
  // Wires run from what is popped to what is pushed.
  void join(const End& end, const std::string& node) {
    const bool left = end.side == Side::left;
    edge(left ? end.node : node, left ? node : end.node, argument_label(end));
  }
  void wires() {
    for (const auto& [variable, ends] : ends_) {
      if (ends.size() == 2 && ends[0].side != ends[1].side) {
        const End& from = ends[ends[0].side == Side::left ? 0 : 1];
        const End& to = ends[ends[0].side == Side::left ? 1 : 0];
        const std::string tail = argument_label(from), head = argument_label(to);
        edge(from.node, to.node, tail + (tail.empty() || head.empty() ? "" : ", ") + head);
        continue;
      }
      const std::string dot = name("v");
      text_ += fmt::format("    {} [shape=point, width=0.08, xlabel={}];\n", dot,
                           quote(terms_.variable_name(variable)));
      for (const End& end : ends) join(end, dot);
    }
  }

  const Terms& terms_;
  std::size_t number_;
  std::size_t nodes_ = 0;
  std::string text_;
  std::map<VarId, std::vector<End>> ends_;
};

}  // namespace

std::string diagram_dot(Terms& terms, ProgramId program, Context& context) {
  const NormalForm form = normalise(terms, program, {.max_spans = kMaxSummands}, context);
  if (!form.complete) {
    throw LimitError(
        fmt::format("the normal form has more than {} summands to draw", kMaxSummands));
  }
  std::string text =
      "digraph diagram {\n  rankdir=LR;\n  node [shape=circle, fontname=\"monospace\"];\n"
      "  edge [arrowhead=none];\n";
  for (std::size_t i = 0; i < form.summands.size(); ++i) {
    text += Drawing(terms, i).draw(form.summands[i]);
  }
  return text + "}\n";
}

}  // namespace ordo::machine::rmc
