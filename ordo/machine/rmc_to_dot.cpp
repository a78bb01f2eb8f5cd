#include "ordo/machine/rmc_to_dot.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "ordo/machine/rmc_shape.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::size_t kMaxPositions = 2'000;
constexpr std::size_t kMaxLabel = 200;  // bytes

std::string action_label(const Terms& terms, ProgramId action) {
  const ProgramNode& node = terms.program(action);
  const bool reads = node.op == Op::pop && terms.text(node.label) == "in";
  const bool writes = node.op == Op::push && terms.text(node.label) == "out";
  if (reads || writes) return (writes ? "/" : "") + print_term(terms, node.first, kMaxLabel);
  return print(terms, action, kMaxLabel);
}

// A picture that grows: states by number, arrows with labels.
class Picture {
 public:
  std::size_t state(const std::string& label) {
    states_.push_back({label, false});
    return states_.size() - 1;
  }
  void accept(std::size_t state) { states_[state].second = true; }
  void start(std::size_t state) { starts_.push_back(state); }
  void arrow(std::size_t from, std::size_t to, const std::string& label) {
    labels_[{from, to}].insert(label);
  }

  std::string to_string() const {
    std::string text = "digraph program {\n  rankdir=LR;\n  node [shape=circle];\n";
    for (std::size_t i = 0; i < states_.size(); ++i)
      text += fmt::format("  q{} [label={}{}];\n", i, quote(states_[i].first),
                          states_[i].second ? ", shape=doublecircle" : "");
    for (std::size_t i = 0; i < starts_.size(); ++i)
      text += fmt::format("  start{0} [shape=point];\n  start{0} -> q{1};\n", i, starts_[i]);
    for (const auto& [ends, labels] : labels_) {
      std::string all;
      for (const std::string& label : labels) all += (all.empty() ? "" : ", ") + label;
      text += fmt::format("  q{} -> q{} [label={}];\n", ends.first, ends.second, quote(all));
    }
    return text + "}\n";
  }

 private:
  std::vector<std::pair<std::string, bool>> states_;
  std::vector<std::size_t> starts_;
  std::map<std::pair<std::size_t, std::size_t>, std::set<std::string>> labels_;
};

// ---- states on a stack ----

struct Step {
  TermId from, to;
  std::string label;
};

std::optional<Step> control_step(const Terms& terms, ProgramId summand, Symbol control) {
  const std::vector<ProgramId> parts = sequence_parts(terms, summand);
  if (parts.size() < 2) return std::nullopt;
  const ProgramNode &first = terms.program(parts.front()), &last = terms.program(parts.back());
  if (first.op != Op::pop || last.op != Op::push) return std::nullopt;
  if (first.label != control || last.label != control) return std::nullopt;
  if (!terms.term(first.first).ground || !terms.term(last.first).ground) return std::nullopt;
  std::string label;
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    const ProgramNode& part = terms.program(parts[i]);
    if ((part.op != Op::push && part.op != Op::pop) || part.label == control) return std::nullopt;
    const std::string action = action_label(terms, parts[i]);
    label += (label.empty() || action.starts_with('/') ? "" : "; ") + action;
  }
  return Step{first.first, last.first, label.empty() ? "ε" : label};
}

std::optional<std::string> control_dot(const Terms& terms, ProgramId program) {
  const std::vector<ProgramId> parts = sequence_parts(terms, program);
  if (parts.size() != 3) return std::nullopt;
  const ProgramNode &start = terms.program(parts[0]), &star = terms.program(parts[1]);
  if (start.op != Op::push || star.op != Op::star || !terms.term(start.first).ground)
    return std::nullopt;
  Picture picture;
  std::map<std::string, std::size_t> states;
  const auto state = [&](TermId term) {
    const std::string name = print_term(terms, term, kMaxLabel);
    const auto [place, fresh] = states.try_emplace(name, 0);
    if (fresh) place->second = picture.state(name);
    return place->second;
  };
  picture.start(state(start.first));
  for (const ProgramId summand : summands(terms, star.first)) {
    const auto step = control_step(terms, summand, start.label);
    if (!step) return std::nullopt;
    const std::size_t from = state(step->from);
    picture.arrow(from, state(step->to), step->label);
  }
  for (const ProgramId summand : summands(terms, parts[2])) {
    const ProgramNode& node = terms.program(summand);
    const bool fits =
        node.op == Op::pop && node.label == start.label && terms.term(node.first).ground;
    if (!fits) return std::nullopt;
    picture.accept(state(node.first));
  }
  return picture.to_string();
}

// ---- positions ----

struct Positions {
  bool nullable = false;
  std::vector<std::size_t> first = {}, last = {};
};

void append(std::vector<std::size_t>& to, const std::vector<std::size_t>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class Glushkov {
 public:
  explicit Glushkov(const Terms& terms) : terms_(terms) {}

  std::string draw(ProgramId program) {
    const std::size_t start = picture_.state("");
    const Positions all = visit_all(program);
    picture_.start(start);
    if (all.nullable) picture_.accept(start);
    for (const std::size_t p : all.last) picture_.accept(p);
    follow({start}, all.first);
    return picture_.to_string();
  }

 private:
  // Postorder; the parts of finished programs wait on a stack.
  Positions visit_all(ProgramId root) {
    std::vector<std::pair<ProgramId, bool>> rest{{root, false}};
    std::vector<Positions> made;
    while (!rest.empty()) {
      const auto [id, ready] = rest.back();
      rest.pop_back();
      const ProgramNode& node = terms_.program(id);
      const bool binary = node.op == Op::seq || node.op == Op::sum;
      if (!ready && (binary || node.op == Op::star)) {
        rest.emplace_back(id, true);
        if (binary) rest.emplace_back(node.second, false);
        rest.emplace_back(node.first, false);
      } else if (binary) {
        const Positions right = std::move(made.back());
        made.pop_back();
        made.back() = node.op == Op::seq ? sequence(made.back(), right) : sum(made.back(), right);
      } else if (node.op == Op::star) {
        follow(made.back().last, made.back().first);
        made.back().nullable = true;
      } else {
        made.push_back(leaf(id));
      }
    }
    return made.back();
  }

  Positions leaf(ProgramId id) {
    const Op op = terms_.program(id).op;
    if (op == Op::skip) return {.nullable = true};
    if (op == Op::fail) return {};
    if (labels_.size() == kMaxPositions)
      throw LimitError(fmt::format("the program has more than {} actions to draw", kMaxPositions));
    const std::size_t position = picture_.state(std::to_string(labels_.size() + 1));
    labels_.push_back(action_label(terms_, id));
    return {false, {position}, {position}};
  }
  Positions sum(Positions left, const Positions& right) {
    left.nullable |= right.nullable;
    append(left.first, right.first);
    append(left.last, right.last);
    return left;
  }
  Positions sequence(const Positions& left, const Positions& right) {
    follow(left.last, right.first);
    Positions made{left.nullable && right.nullable, left.first, right.last};
    if (left.nullable) append(made.first, right.first);
    if (right.nullable) append(made.last, left.last);
    return made;
  }
  // An arrow into a position carries that position's action.
  void follow(const std::vector<std::size_t>& from, const std::vector<std::size_t>& to) {
    for (const std::size_t f : from)
      for (const std::size_t t : to) picture_.arrow(f, t, labels_[t - 1]);
  }

  const Terms& terms_;
  Picture picture_;
  std::vector<std::string> labels_;  // of positions, from 1
};

}  // namespace

std::string automaton_dot(Terms& terms, const SourceMap& sources, ProgramId program, Span span) {
  const ProgramId expanded = terms.expand(program);
  if (const auto states = control_dot(terms, expanded)) return *states;
  if (is_regular(terms, expanded)) return Glushkov(terms).draw(expanded);
  throw InputError(sources.locate(span),
                   "this program is no automaton: expected pushes and pops of ground terms under "
                   "';', '+' and '*', or states on a stack of their own");
}

}  // namespace ordo::machine::rmc
