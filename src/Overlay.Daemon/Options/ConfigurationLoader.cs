using Microsoft.Extensions.Configuration;

namespace Overlay.Daemon.Options;

/// <summary>
/// Where configuration comes from, later ones winning: the file, OVERLAY_ variables, the command line.
/// </summary>
internal static class ConfigurationLoader
{
    /// <summary>The file that is read where the command line names none.</summary>
    public const string DefaultFile = "/etc/overlay/overlay.json";

    private const int MostBytes = 1024 * 1024;
    private const string FileKey = "config";
    private const string Environment = "environment";
    private const string CommandLine = "command line";

    /// <param name="arguments">
    /// <c>--config FILE</c> and keys of the section Overlay: <c>--Network:Vni 7</c> or <c>--Overlay:Network:Vni=7</c>.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// The file is missing or no JSON, or an argument is not understood.
    /// </exception>
    public static IConfiguration Load(string[] arguments)
    {
        IConfiguration commandLine = ReadCommandLine(arguments);
        IConfiguration variables = new ConfigurationBuilder().AddEnvironmentVariables("OVERLAY_").Build();
        string file = commandLine[FileKey] ?? variables[FileKey] ?? DefaultFile;
        if (new FileInfo(file) is { Exists: true, Length: > MostBytes } large)
            throw new ConfigurationException(
                $"the configuration file '{file}' has {large.Length} bytes, more than the {MostBytes} that it may "
                + $"have; example: --config {DefaultFile}");
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file), optional: false)
                .Add(new NamedValues(Environment, Rooted(variables)))
                .Add(new NamedValues(CommandLine, Rooted(commandLine)))
                .Build();
        }
        catch (FileNotFoundException)
        {
            throw new ConfigurationException(
                $"the configuration file '{file}' does not exist; example: --config {DefaultFile}");
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"the configuration file '{file}' cannot be read: "
                + $"{exception.GetBaseException().Message.TrimEnd('.')}; example: {{ \"Overlay\": {{ \"Network\": {{ "
                + "\"Cidr\": \"10.244.0.0/16\" } } }");
        }
    }

    /// <summary>The configuration of a program that is started by other flags than ours, and without a file.</summary>
    /// <param name="keys">Values by keys with all sections; OVERLAY_ variables come before them.</param>
    /// <param name="place">The origin of those values, as reports name it.</param>
    public static IConfiguration Load(IReadOnlyDictionary<string, string?> keys, string place)
    {
        IConfiguration variables = new ConfigurationBuilder().AddEnvironmentVariables("OVERLAY_").Build();
        return new ConfigurationBuilder()
            .Add(new NamedValues(place, keys)).Add(new NamedValues(Environment, Rooted(variables))).Build();
    }

    private static IConfigurationRoot ReadCommandLine(string[] arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            bool isKey = arguments[i].StartsWith("--", StringComparison.Ordinal) && arguments[i].Length > 2;
            bool hasValue = arguments[i].Contains('=', StringComparison.Ordinal)
                || (i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal));
            if (!isKey || !hasValue)
                throw new ConfigurationException(
                    $"argument '{arguments[i].Split('=')[0]}' is not a key with a value; example: --config "
                    + $"{DefaultFile} --Network:Vni 1");
            if (!arguments[i].Contains('=', StringComparison.Ordinal)) i++;
        }

        return new ConfigurationBuilder().AddCommandLine(arguments).Build();
    }

    // Kubernetes gives pods these variables for a Service that is called overlay: OVERLAY_SERVICE_HOST, OVERLAY_PORT_….
    private static bool IsServiceLink(string key) =>
        key.StartsWith("SERVICE_", StringComparison.Ordinal)
            || key.Equals("PORT", StringComparison.Ordinal) || key.StartsWith("PORT_", StringComparison.Ordinal);

    // OVERLAY_Network__Vni and --Network:Vni mean Overlay:Network:Vni; Serilog keeps its own section.
    private static IEnumerable<KeyValuePair<string, string?>> Rooted(IConfiguration configuration) =>
        from pair in configuration.AsEnumerable()
        where pair.Value is not null
            && !pair.Key.Equals(FileKey, StringComparison.OrdinalIgnoreCase) && !IsServiceLink(pair.Key)
        let isRooted = pair.Key.StartsWith("Overlay:", StringComparison.OrdinalIgnoreCase)
            || pair.Key.StartsWith("Serilog:", StringComparison.OrdinalIgnoreCase)
        select KeyValuePair.Create(isRooted ? pair.Key : $"Overlay:{pair.Key}", pair.Value);
}
