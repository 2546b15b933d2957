import{a,b}from"./chunk-YBRGAHQZ.js";import"./chunk-L7O5RZHO.js";import"./chunk-WOT6VMZA.js";export{a as conf,b as language};
