/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words and limits of confidence; see owner.h. */
#include "model/owner.h"

gboolean tb_confidence_from_word(const char *word, TbConfidence *out)
{
  static const struct {
    const char *word;
    TbConfidence confidence;
  } words[] = {
    { "certain", TB_CONFIDENCE_CERTAIN },
    { "linked", TB_CONFIDENCE_LINKED },
    { "context", TB_CONFIDENCE_CONTEXT },
  };
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_equal(word, words[i].word)) {
      *out = words[i].confidence;
      return TRUE;
    }
  return FALSE;
}

const char *tb_confidence_to_word(TbConfidence confidence)
{
  switch (confidence) {
  case TB_CONFIDENCE_CERTAIN: return "certain";
  case TB_CONFIDENCE_LINKED: return "linked";
  case TB_CONFIDENCE_CONTEXT: return "context";
  case TB_CONFIDENCE_NONE: break;
  }
  return "none";
}

gboolean tb_owners_limit(TbOwners *owners, TbConfidence least)
{
  if (least == TB_CONFIDENCE_NONE || owners->src.confidence < least)
    owners->src = (TbOwner){ 0 };
  if (least == TB_CONFIDENCE_NONE || owners->dst.confidence < least)
    owners->dst = (TbOwner){ 0 };
  return tb_owner_is_known(&owners->src) || tb_owner_is_known(&owners->dst);
}
