#include "core/log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"

namespace kv {
namespace {

Entry entry_of(LogIndex index, Term term, std::size_t payload_bytes = 3) {
  return make_entry(index, term, EntryType::kCommand, std::string(payload_bytes, 'x'));
}

/// Entries 1, 2, … with these terms.
Log log_of(const std::vector<Term>& terms) {
  Log log;
  for (const Term term : terms) log.append(entry_of(log.last_index() + 1, term));
  return log;
}

/// The same log, told as all the entries there ever were and where the base is.
struct NaiveLog {
  std::vector<Entry> entries{};
  LogIndex base_index{0};
  Term base_term{0};

  LogIndex last_index() const { return base_index + entries.size(); }
  const Entry* find(LogIndex index) const {
    for (const Entry& entry : entries) {
      if (entry.index == index) return &entry;
    }
    return nullptr;
  }
};

void expect_equal(const Log& log, const NaiveLog& naive) {
  ASSERT_EQ(log.base_index(), naive.base_index);
  ASSERT_EQ(log.first_index(), naive.base_index + 1);
  ASSERT_EQ(log.last_index(), naive.last_index());
  ASSERT_EQ(log.last_term(), naive.entries.empty() ? naive.base_term : naive.entries.back().term);
  std::size_t bytes = 0;
  for (const Entry& entry : naive.entries) bytes += entry.size();
  ASSERT_EQ(log.bytes(), bytes);
  for (LogIndex index = 0; index <= naive.last_index() + 2; ++index) {
    const Entry* entry = naive.find(index);
    std::optional<Term> term;
    if (index == naive.base_index) term = naive.base_term;
    if (entry != nullptr) {
      term = entry->term;
      ASSERT_EQ(log.at(index), *entry);
    }
    ASSERT_EQ(log.term_at(index), term) << "index " << index;
  }
}

void change_both(Rng& rng, Log& log, NaiveLog& naive) {
  const std::uint64_t choice = rng.below(10);
  if (choice < 6) {
    const Term term = log.last_term() + (rng.below(4) == 0 ? 1 : 0);
    const Entry entry = entry_of(log.last_index() + 1, term, rng.below(9));
    log.append(entry);
    naive.entries.push_back(entry);
  } else if (choice < 8 && !naive.entries.empty()) {
    const LogIndex from = log.first_index() + rng.below(naive.entries.size() + 1);
    log.truncate_from(from);
    std::erase_if(naive.entries, [&](const Entry& entry) { return entry.index >= from; });
  } else if (choice == 8) {
    const LogIndex through = log.base_index() + rng.below(naive.entries.size() + 1);
    const Entry* entry = naive.find(through);
    if (entry != nullptr) naive.base_term = entry->term;
    naive.base_index = through;
    std::erase_if(naive.entries, [&](const Entry& kept) { return kept.index <= through; });
    log.compact_through(through);
  } else if (rng.below(20) == 0) {
    naive = NaiveLog{{}, log.last_index() + rng.below(5), log.last_term() + rng.below(3)};
    log.reset(naive.base_index, naive.base_term);
  }
}

TEST(Log, EqualsANaiveOneAfterAnyChanges) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    Log log;
    NaiveLog naive;
    for (int step = 0; step < 120; ++step) {
      change_both(rng, log, naive);
      ASSERT_NO_FATAL_FAILURE(expect_equal(log, naive)) << "seed " << seed << ", step " << step;
    }
  }
}

TEST(Log, BeginsEmptyBehindIndexZeroOfTermZero) {
  const Log log;
  EXPECT_EQ(log.first_index(), 1u);
  EXPECT_EQ(log.last_index(), 0u);
  EXPECT_EQ(log.term_at(0), Term{0});
  EXPECT_EQ(log.term_at(1), std::nullopt);
  EXPECT_TRUE(log.slice(1, 1000).empty());
}

TEST(Log, TakesOverEntriesBehindABase) {
  const Log log(4, 2, {entry_of(5, 2), entry_of(6, 3)});
  EXPECT_EQ(log.base_index(), 4u);
  EXPECT_EQ(log.last_index(), 6u);
  EXPECT_EQ(log.term_at(4), Term{2});
  EXPECT_EQ(log.term_at(3), std::nullopt);
  EXPECT_EQ(log.last_term(), 3u);
}

TEST(Log, SlicesAsManyEntriesAsFitButAtLeastOne) {
  const Log log = log_of({1, 1, 2, 2});
  const std::size_t one = log.at(1).size();
  EXPECT_EQ(log.slice(1, 1).size(), 1u);
  EXPECT_EQ(log.slice(1, 2 * one - 1).size(), 1u);
  EXPECT_EQ(log.slice(1, 2 * one).size(), 2u);
  EXPECT_EQ(log.slice(3, 100 * one).size(), 2u);
  EXPECT_EQ(log.slice(3, 100 * one).front().index, 3u);
  EXPECT_TRUE(log.slice(5, 100 * one).empty());
}

TEST(Log, FindsWhereALogOfEarlierTermsCanStillAgree) {
  const Log log = log_of({1, 1, 3, 3, 5});
  EXPECT_EQ(log.last_index_with_term_at_most(5, 5), 5u);
  EXPECT_EQ(log.last_index_with_term_at_most(5, 4), 4u);
  EXPECT_EQ(log.last_index_with_term_at_most(3, 4), 3u);
  EXPECT_EQ(log.last_index_with_term_at_most(5, 2), 2u);
  EXPECT_EQ(log.last_index_with_term_at_most(5, 0), 0u);
}

TEST(Log, DoesNotLookBelowItsBaseForAnAgreement) {
  Log log = log_of({3, 3, 4, 4});
  log.compact_through(2);
  EXPECT_EQ(log.last_index_with_term_at_most(4, 1), 2u);
}

TEST(LogDeathTest, RefusesGapsFallingTermsAndCutsBelowItsBase) {
  Log log = log_of({1, 2});
  EXPECT_DEATH(log.append(entry_of(4, 2)), "last_index");
  EXPECT_DEATH(log.append(entry_of(3, 1)), "last_term");
  EXPECT_DEATH(static_cast<void>(log.at(3)), "last_index");
  log.compact_through(2);
  EXPECT_DEATH(log.truncate_from(2), "base_index");
  EXPECT_DEATH(static_cast<void>(log.at(2)), "first_index");
  EXPECT_DEATH(log.compact_through(3), "last_index");
}

}  // namespace
}  // namespace kv
