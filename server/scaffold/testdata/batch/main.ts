import { analyze, analyzeBatch, configure, describe } from "./analyzer";
import { serve } from "./finco/server";

serve({ describe, configure, analyze, analyzeBatch });
