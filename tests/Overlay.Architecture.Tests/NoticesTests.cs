using System.Text.Json;
using System.Xml.Linq;

namespace Overlay.Architecture.Tests;

/// <summary>THIRD-PARTY-NOTICES names what the programs are made of.</summary>
public sealed class NoticesTests
{
    private static readonly string _notices = File.ReadAllText(Path.Combine(Document.Root, "THIRD-PARTY-NOTICES"));

    [Theory]
    [InlineData("overlayd")]
    [InlineData("overlayctl")]
    [InlineData("overlay")]
    public void Every_package_in_a_program_is_named_with_its_version(string program)
    {
        using JsonDocument dependencies =
            JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, $"{program}.deps.json")));
        dependencies.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(static library => library.Value.GetProperty("type").GetString() == "package")
            .Select(static library => library.Name.Replace('/', ' '))
            .Where(static package => !IsNamed(package)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("daemon")]
    [InlineData("libraries")]
    public void Every_pinned_package_that_is_shipped_is_named_with_its_version(string label)
    {
        string[] packages =
        [
            .. XDocument.Load(Path.Combine(Document.Root, "Directory.Packages.props")).Descendants("ItemGroup")
                .Where(group => (string?)group.Attribute("Label") == label).Elements("PackageVersion")
                .Select(static package =>
                    $"{(string?)package.Attribute("Include")} {(string?)package.Attribute("Version")}"),
        ];
        packages.ShouldNotBeEmpty();
        packages.Where(static package => !IsNamed(package)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Permission is hereby granted, free of charge, to any person obtaining a copy")]
    [InlineData("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION")]
    [InlineData("It covers Google.Protobuf.")]
    [InlineData("GNU LESSER GENERAL PUBLIC LICENSE")]
    [InlineData("It covers PacketDotNet.")]
    [InlineData("Mozilla Public License Version 2.0")]
    [InlineData("https://github.com/dotpcap/packetnet")]
    [InlineData("License notice for zlib-ng")]
    [InlineData("License notice for Brotli")]
    public void The_texts_of_the_licences_are_there(string sentence) =>
        _notices.ShouldContain(sentence, Case.Sensitive);

    private static bool IsNamed(string package) =>
        _notices.Split('\n').Any(line => line.TrimStart().StartsWith(package, StringComparison.Ordinal)
            && !char.IsAsciiDigit(line.TrimStart().ElementAtOrDefault(package.Length)));
}
