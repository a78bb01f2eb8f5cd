#include "ordo/machine/rmc_reduce.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

struct Row {
  std::vector<ProgramId> items;  // none is a sequence
  std::set<VarId> bound;
};

struct Redex {
  Rule rule;
  std::size_t row;
  std::size_t position;
};

class Reducer {
 public:
  Reducer(Terms& terms, const ReduceOptions& options, Context& context)
      : terms_(terms), options_(options), context_(context) {}

  ReduceResult reduce(ProgramId program) {
    rows_.push_back({{}, {}});
    splice(rows_[0].items, 0, program);
    while (result_.steps < options_.max_steps) {
      context_.check_stop();
      const std::optional<Redex> redex = choose();
      if (!redex) {
        result_.normal = true;
        break;
      }
      apply(*redex);
      ++result_.steps;
    }
    std::vector<std::pair<std::string, ProgramId>> sorted;
    for (const Row& row : rows_) {
      const ProgramId named = as_program(row);
      sorted.emplace_back(print(terms_, named), named);
    }
    std::sort(sorted.begin(), sorted.end());
    std::vector<ProgramId> parts;
    for (const auto& [text, part] : sorted) parts.push_back(part);
    result_.program = terms_.sum(parts);
    return std::move(result_);
  }

 private:
  ProgramId as_program(const Row& row) {
    return name_by_occurrence(terms_, row.items, [&](VarId v) { return row.bound.contains(v); });
  }

  // Puts a program's parts at a place of the list; sequences leave no trace.
  void splice(std::vector<ProgramId>& items, std::size_t at, ProgramId program) {
    std::vector<ProgramId> parts, tasks{program};
    while (!tasks.empty()) {
      const ProgramId id = tasks.back();
      tasks.pop_back();
      const ProgramNode& node = terms_.program(id);
      if (node.op == Op::seq) {
        tasks.push_back(node.second);
        tasks.push_back(node.first);
      } else {
        parts.push_back(id);
      }
    }
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), parts.begin(), parts.end());
  }

  // ---- what can be rewritten ----

  std::optional<Redex> choose() {
    std::optional<Redex> chosen;
    std::uint64_t count = 0;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t i = 0; i < rows_[r].items.size(); ++i) {
        const std::optional<Rule> rule = rule_at(rows_[r], i);
        if (!rule) continue;
        if (options_.strategy == Strategy::normal) return Redex{*rule, r, i};
        if (context_.random.below(++count) == 0) chosen = Redex{*rule, r, i};
      }
    }
    return chosen;
  }

  std::optional<Rule> rule_at(const Row& row, std::size_t i) {
    const ProgramNode& node = terms_.program(row.items[i]);
    switch (node.op) {
      case Op::skip:
        return Rule::unit;
      case Op::fail:
        return Rule::annihilate;
      case Op::sum:
        return Rule::distribute;
      case Op::fresh:
        return Rule::extrude;
      case Op::call:
        return Rule::unfold;
      case Op::star:
        if (!settled_.contains(row.items[i])) return Rule::star;
        break;
      case Op::equate:
        if (const auto rule = equation_rule(row, i)) return rule;
        break;
      case Op::pop:
        if (options_.eta == Eta::on && eta_partner(row, i)) return Rule::eta;
        break;
      default:
        break;
    }
    if (i + 1 == row.items.size()) return std::nullopt;
    return neighbours(node, terms_.program(row.items[i + 1]));
  }

  std::optional<Rule> neighbours(const ProgramNode& a, const ProgramNode& b) const {
    const auto later = [&] { return terms_.text(a.label) > terms_.text(b.label); };
    if (a.op == Op::push && b.op == Op::pop) {
      return a.label == b.label ? Rule::meet : Rule::commute;
    }
    const bool same_kind = a.op == b.op && (a.op == Op::push || a.op == Op::pop);
    if (same_kind && later()) return Rule::commute;
    if (b.op == Op::equate && (a.op == Op::push || a.op == Op::star)) return Rule::commute;
    if (a.op == Op::equate && b.op == Op::pop) return Rule::commute;
    if (a.op == Op::equate && b.op == Op::equate && residual_name(a) > residual_name(b)) {
      return Rule::commute;
    }
    return std::nullopt;
  }
  // The name of the free variable that a solved equation gives a value; "" for others.
  std::string residual_name(const ProgramNode& equation) const {
    const TermNode& left = terms_.term(equation.first);
    return left.is_variable ? terms_.variable_name(left.label) : "";
  }

  bool occurs(VarId v, TermId term) const {
    const auto all = terms_.variables_of(term);
    return std::find(all.begin(), all.end(), v) != all.end();
  }
  bool occurs_beside(const Row& row, VarId v, std::size_t beside) const {
    for (std::size_t i = 0; i < row.items.size(); ++i) {
      if (i == beside) continue;
      const auto all = terms_.free_variables(row.items[i]);
      if (std::find(all.begin(), all.end(), v) != all.end()) return true;
    }
    return false;
  }

  // An equation with the variable to eliminate on its left: a bound one if there is one; of two
  // free ones that whose name comes later.
  std::pair<TermId, TermId> oriented(const Row& row, const ProgramNode& node) const {
    const TermNode& l = terms_.term(node.first);
    const TermNode& r = terms_.term(node.second);
    const auto rank = [&](const TermNode& t) {
      return !t.is_variable ? 0 : row.bound.contains(t.label) ? 2 : 1;
    };
    const bool swap =
        rank(r) > rank(l) || (rank(l) == 1 && rank(r) == 1 &&
                              terms_.variable_name(r.label) > terms_.variable_name(l.label));
    return swap ? std::pair{node.second, node.first} : std::pair{node.first, node.second};
  }

  std::optional<Rule> equation_rule(const Row& row, std::size_t i) const {
    const ProgramNode& node = terms_.program(row.items[i]);
    const auto [left, right] = oriented(row, node);
    const TermNode& l = terms_.term(left);
    const TermNode& r = terms_.term(right);
    if (!l.is_variable) {
      return l.label == r.label && l.arity == r.arity ? Rule::decompose : Rule::clash;
    }
    if (r.is_variable && r.label == l.label) return Rule::decompose;
    if (occurs(l.label, right)) return Rule::clash;
    const bool bound = row.bound.contains(l.label);
    if (bound || left != node.first || occurs_beside(row, l.label, i)) return Rule::substitute;
    return std::nullopt;
  }

  // The push [X]a that makes a wire with the pop a<X> at `i`.
  std::optional<std::size_t> eta_partner(const Row& row, std::size_t i) const {
    const ProgramNode& pop = terms_.program(row.items[i]);
    const TermNode& x = terms_.term(pop.first);
    if (!x.is_variable || !row.bound.contains(x.label)) return std::nullopt;
    for (std::size_t j = i + 1; j < row.items.size(); ++j) {
      const ProgramNode& node = terms_.program(row.items[j]);
      const bool other = node.op == Op::equate ||
                         ((node.op == Op::push || node.op == Op::pop) && node.label != pop.label);
      if (other) continue;
      if (node.op != Op::push || !terms_.equal_terms(node.first, pop.first)) return std::nullopt;
      for (std::size_t k = 0; k < row.items.size(); ++k) {
        if (k == i || k == j) continue;
        const auto all = terms_.free_variables(row.items[k]);
        if (std::find(all.begin(), all.end(), x.label) != all.end()) return std::nullopt;
      }
      return j;
    }
    return std::nullopt;
  }

  // ---- how ----

  void apply(const Redex& redex) {
    const Row before = rows_[redex.row];
    std::vector<Row> after{before};
    rewrite(redex, after);
    if (options_.log) {
      std::string text;
      for (const Row& row : after) {
        text += (text.empty() ? "" : " + ") + print(terms_, as_program(row), 300);
      }
      result_.log.push_back({redex.rule, redex.row, redex.position,
                             print(terms_, as_program(before), 300),
                             after.empty() ? "fail" : text});
    }
    const auto at = rows_.begin() + static_cast<std::ptrdiff_t>(redex.row);
    rows_.insert(rows_.erase(at), after.begin(), after.end());
  }

  void rewrite(const Redex& redex, std::vector<Row>& after) {
    Row& row = after[0];
    const std::size_t i = redex.position;
    const ProgramNode node = terms_.program(row.items[i]);
    const auto erase = [&](std::size_t at) {
      row.items.erase(row.items.begin() + static_cast<std::ptrdiff_t>(at));
    };
    switch (redex.rule) {
      case Rule::unit:
        return erase(i);
      case Rule::annihilate:
      case Rule::clash:
        return after.clear();
      case Rule::distribute: {
        erase(i);
        Row right = row;
        // The right row binds variables of its own.
        const std::unordered_map<VarId, TermId> renamed = rename(right);
        splice(row.items, i, node.first);
        splice(right.items, i, substitute_program(terms_, renamed, node.second));
        after.push_back(std::move(right));
        return;
      }
      case Rule::extrude: {
        const VarId fresh = terms_.fresh_variable(terms_.variable_name(node.label));
        row.bound.insert(fresh);
        erase(i);
        return splice(row.items, i,
                      substitute_program(terms_, {{node.label, terms_.var(fresh)}}, node.first));
      }
      case Rule::unfold: {
        const ProgramId body = terms_.expand(row.items[i]);
        erase(i);
        return splice(row.items, i, body);
      }
      case Rule::commute:
        return std::swap(row.items[i], row.items[i + 1]);
      case Rule::meet:
        row.items[i] = terms_.equate(node.first, terms_.program(row.items[i + 1]).first);
        return erase(i + 1);
      case Rule::decompose: {
        erase(i);
        const auto left = terms_.args(node.first), right = terms_.args(node.second);
        std::vector<ProgramId> parts;
        const std::vector<TermId> ls(left.begin(), left.end()), rs(right.begin(), right.end());
        for (std::size_t k = 0; k < ls.size(); ++k) parts.push_back(terms_.equate(ls[k], rs[k]));
        row.items.insert(row.items.begin() + static_cast<std::ptrdiff_t>(i), parts.begin(),
                         parts.end());
        return;
      }
      case Rule::substitute:
        return eliminate(row, i);
      case Rule::eta: {
        const std::size_t partner = *eta_partner(row, i);
        erase(partner);
        return erase(i);
      }
      case Rule::star: {
        NormalOptions options;
        options.eta = options_.eta;
        const ProgramId body = normalise(terms_, node.first, options, context_).program;
        if (body == terms_.fail()) {
          row.items[i] = terms_.skip();
        } else {
          row.items[i] = terms_.star(body);
          settled_.insert(row.items[i]);
        }
        return;
      }
    }
  }

  std::unordered_map<VarId, TermId> rename(Row& row) {
    std::unordered_map<VarId, TermId> renamed;
    std::set<VarId> bound;
    for (const VarId v : row.bound) {
      const VarId fresh = terms_.fresh_variable(terms_.variable_name(v));
      bound.insert(fresh);
      renamed[v] = terms_.var(fresh);
    }
    row.bound = std::move(bound);
    for (ProgramId& item : row.items) replace(item, renamed);
    return renamed;
  }

  void eliminate(Row& row, std::size_t i) {
    const auto [left, right] = oriented(row, terms_.program(row.items[i]));
    const VarId v = terms_.term(left).label;
    const std::unordered_map<VarId, TermId> map{{v, right}};
    for (std::size_t k = 0; k < row.items.size(); ++k) {
      if (k != i) replace(row.items[k], map);
    }
    if (row.bound.contains(v)) {
      row.bound.erase(v);
      row.items.erase(row.items.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      row.items[i] = terms_.equate(left, right);
    }
  }

  // A star that a substitution changes is to be looked at again.
  void replace(ProgramId& item, const std::unordered_map<VarId, TermId>& map) {
    item = substitute_program(terms_, map, item);
  }

  Terms& terms_;
  const ReduceOptions& options_;
  Context& context_;
  std::vector<Row> rows_;
  std::set<ProgramId> settled_;  // stars whose bodies are in normal form
  ReduceResult result_;
};

}  // namespace

std::string_view to_string(Rule rule) {
  const char* names[] = {"unit", "annihilate", "distribute", "extrude", "unfold", "commute",
                         "meet", "decompose",  "clash",      "solve",   "eta",    "star"};
  return names[static_cast<int>(rule)];
}

ReduceResult reduce(Terms& terms, ProgramId program, const ReduceOptions& options,
                    Context& context) {
  return Reducer(terms, options, context).reduce(program);
}

}  // namespace ordo::machine::rmc
