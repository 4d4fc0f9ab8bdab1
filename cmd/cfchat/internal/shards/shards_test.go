package shards_test

import (
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestShardOfJob reads which shard a run is from what schedulers set, and refuses a job that cannot tell.
func TestShardOfJob(t *testing.T) {
	for name, c := range map[string]struct {
		of   int
		env  string
		want shards.Shard // the zero value for none
		says string       // of the error
	}{
		"no job":                    {0, "", shards.Shard{}, ""},
		"Kubernetes":                {4, "JOB_COMPLETION_INDEX=3", shards.Shard{Index: 3, Of: 4}, ""},
		"Kubernetes, the first":     {4, "JOB_COMPLETION_INDEX=0", shards.Shard{Index: 0, Of: 4}, ""},
		"Kubernetes tells no count": {0, "JOB_COMPLETION_INDEX=0", shards.Shard{}, "nothing says how many shards there are"},
		"beyond":                    {4, "JOB_COMPLETION_INDEX=4", shards.Shard{}, "the first is 0 and the last is 3"},
		"negative":                  {4, "JOB_COMPLETION_INDEX=-1", shards.Shard{}, "the first is 0 and the last is 3"},
		"no number":                 {4, "JOB_COMPLETION_INDEX=one", shards.Shard{}, `JOB_COMPLETION_INDEX: "one" is not a number`},
		"Slurm":                     {0, "SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=2 SLURM_ARRAY_TASK_COUNT=4", shards.Shard{Index: 3, Of: 4}, ""},
		"Slurm without a first":     {0, "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=4", shards.Shard{Index: 3, Of: 4}, ""},
		"Slurm, with the count":     {4, "SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=2 SLURM_ARRAY_TASK_COUNT=4", shards.Shard{Index: 3, Of: 4}, ""},
		"Slurm, only one again":     {4, "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_COUNT=1", shards.Shard{}, "SLURM_ARRAY_TASK_COUNT is 1"},
		"Slurm with gaps":           {0, "SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=3", shards.Shard{}, "SLURM_ARRAY_TASK_ID is 9"},
		"Slurm, before the first":   {0, "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=2 SLURM_ARRAY_TASK_COUNT=3", shards.Shard{}, "SLURM_ARRAY_TASK_ID is 1"},
		"AWS Batch":                 {0, "AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=2", shards.Shard{Index: 1, Of: 2}, ""},
		"AWS Batch, no size":        {0, "AWS_BATCH_JOB_ARRAY_INDEX=1", shards.Shard{}, "nothing says how many shards there are"},
		"two at once":               {4, "JOB_COMPLETION_INDEX=1 AWS_BATCH_JOB_ARRAY_INDEX=2", shards.Shard{}, "both JOB_COMPLETION_INDEX and AWS_BATCH_JOB_ARRAY_INDEX"},
		"no scheduler":              {4, "", shards.Shard{}, "no scheduler says which"},
	} {
		env := map[string]string{}
		for variable := range strings.FieldsSeq(c.env) {
			key, value, _ := strings.Cut(variable, "=")
			env[key] = value
		}
		shard, err := shards.OfJob(c.of, func(name string) string { return env[name] })
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %q", name, err, c.says)
			}
		case err != nil || (shard == nil) != (c.want == shards.Shard{}) || shard != nil && *shard != c.want:
			t.Errorf("%s: %v, %v", name, shard, err)
		}
	}
}

// TestParseShard takes I/N and nothing else.
func TestParseShard(t *testing.T) {
	for text, want := range map[string]shards.Shard{"0/1": {Of: 1}, "3/4": {Index: 3, Of: 4}} {
		if got, err := shards.Parse(text); err != nil || *got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"4/4", "-1/4", "1", "/", "1/0", "a/4", "1/b", "1/4/2", " 1/4"} {
		if got, err := shards.Parse(text); err == nil || !strings.Contains(err.Error(), "--shard "+text) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
