import { analyze, describe, listen } from "./analyzer";
import { serve } from "./finco/server";

serve({ describe, analyze, listen });
