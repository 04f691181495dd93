/**
 * One table per configuration record, from which every spelling of it follows.
 *
 * <h2>Theory of operation</h2>
 * An {@link ringfence.option.OptionTable} lists the {@link ringfence.option.Option}s of a record: key in a flag, name
 * in JSON, {@link ringfence.option.OptionType type} with its range, default, help, and how to read it from the record.
 * The table parses {@code --disk path=/x,readonly=on}, reads and writes JSON, and describes itself as text and as a
 * JSON schema; help, completion, manual pages and OpenAPI are made from the same description. Nothing is done by
 * reflection: the tables are on the way to the first instruction of a guest.
 *
 * <h2>Syntax of a flag's value</h2>
 * Cloud Hypervisor's: {@code key=value} pairs with commas between; a comma inside brackets or double quotes separates
 * nothing; a double quote inside quotes is written twice; {@code [a,"b,c"]} is a list, {@code [1,4-7]} one of numbers, {@code 512M} a size,
 * {@code on} and {@code off} are switches.
 *
 * <h2>Errors</h2>
 * {@link ringfence.option.OptionException} is one line that names flag and key, what is wrong and what is right. An
 * unknown key names the nearest known one.
 */
package ringfence.option;
